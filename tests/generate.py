"""Write the generated files of `schemas/` and `deploy/` anew: interfaces, pages, vectors; tests prove that they are current."""

from __future__ import annotations

from pathlib import Path

from gateway.message.export import write as write_schemas
from gateway.resources import schemas_path
from tests.support.grafana import dashboards
from tests.support.interfaces import documents
from tests.support.metrics_page import page
from tests.vectors import (
    generate_action,
    generate_audit,
    generate_bridge,
    generate_content,
    generate_conversation,
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
    for name, data in documents().items():
        (schemas_path() / name).write_bytes(data)
    deploy = Path("deploy")
    (deploy / "metrics.md").write_bytes(page())
    for name, data in dashboards().items():
        (deploy / "grafana" / name).write_bytes(data)
    for generator in (
        generate_action,
        generate_audit,
        generate_bridge,
        generate_content,
        generate_conversation,
        generate_directory,
        generate_envelope,
        generate_evidence,
        generate_problem,
        generate_receipt,
        generate_submission,
    ):
        write(generator.folder(), generator.files())
