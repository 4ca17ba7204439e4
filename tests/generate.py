"""Write the generated files of `schemas/` anew: schemas, code lists, errors, vectors; tests prove that they are current."""

from __future__ import annotations

from gateway.message.export import write as write_schemas
from tests.vectors import (
    generate_action,
    generate_audit,
    generate_directory,
    generate_envelope,
    generate_evidence,
    generate_problem,
    generate_receipt,
    generate_submission,
)
from tests.vectors.generate_envelope import write

if __name__ == "__main__":
    write_schemas()
    for generator in (
        generate_action,
        generate_audit,
        generate_directory,
        generate_envelope,
        generate_evidence,
        generate_problem,
        generate_receipt,
        generate_submission,
    ):
        write(generator.folder(), generator.files())
