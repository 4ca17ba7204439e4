"""Vector cases of paths, bundles and proofs. Spec: schemas/audit.md, "Tiles" and "Proofs"."""

from __future__ import annotations

from gateway.merkle import EMPTY_ROOT, consistency_proof, inclusion_proof
from tests.vectors.audit_case import AuditCase
from tests.vectors.audit_forge import LEAVES, bytes_of, root

__all__ = ["BUNDLES", "CONSISTENCY", "INCLUSION", "TILE_PATHS"]

BAD = "proof-bad"


def _path(name: str, about: str, path: str, expects: str = "malformed") -> AuditCase:
    return AuditCase("tile-path", name, about, expects, {"path": path})


def _bundle(name: str, about: str, data: bytes, expects: str = "malformed") -> AuditCase:
    return AuditCase("bundle", name, about, expects, {"bundle": bytes_of(data)})


def _inclusion(name: str, about: str, place: tuple[int, int], expects: str = BAD, **changes: object) -> AuditCase:
    """Return a case of leaf `place[0]` in the tree of `place[1]`, with fields of the file changed."""
    index, size = place
    given = {
        "index": index,
        "size": size,
        "leaf_hash": LEAVES[index].hex(),
        "proof": _hex(inclusion_proof(index, LEAVES[:size])),
        "root": root(size).hex(),
    }
    return AuditCase("inclusion", name, about, expects, given | changes)


def _growth(name: str, about: str, sizes: tuple[int, int], expects: str = BAD, **changes: object) -> AuditCase:
    """Return a case of the log that grew from `sizes[0]` to `sizes[1]`, with fields of the file changed."""
    old, new = sizes
    given = {
        "old_size": old,
        "old_root": root(old).hex(),
        "new_size": new,
        "new_root": root(new).hex(),
        "proof": _hex(_between(old, new)),
    }
    return AuditCase("consistency", name, about, expects, given | changes)


def _between(old: int, new: int) -> list[bytes]:
    return consistency_proof(old, LEAVES[:new]) if 0 < old <= new else []


def _hex(nodes: list[bytes]) -> list[str]:
    return [node.hex() for node in nodes]


def _entries(*entries: bytes) -> bytes:
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


OF_3 = inclusion_proof(3, LEAVES[:7])
TO_9 = _between(6, 9)

TILE_PATHS = [
    _path("valid-first", "The first tile of level 0, full.", "tile/0/000", ""),
    _path("valid-partial", "The first seventeen hashes of a tile.", "tile/0/x001/234.p/17", ""),
    _path("valid-three-groups", "Index 1234067.", "tile/0/x001/x234/067", ""),
    _path("valid-last-level", "Level 63 and width 255.", "tile/63/999.p/255", ""),
    _path("valid-entries", "The entries under tile 5 of level 0.", "tile/entries/005", ""),
    _path("valid-entries-partial", "The first two of them.", "tile/entries/005.p/2", ""),
    _path("level-with-leading-zero", "One tile has one path.", "tile/01/000"),
    _path("level-64", "There are 64 levels.", "tile/64/000"),
    _path("level-negative", "Entries have a name, not a number.", "tile/-1/000"),
    _path("level-unknown", "Entries are written in lower case.", "tile/Entries/000"),
    _path("index-of-one-digit", "Groups have three digits.", "tile/0/5"),
    _path("index-of-four-digits", "Groups have three digits.", "tile/0/1234"),
    _path("index-with-leading-group", "No group of zeros stands first.", "tile/0/x000/001"),
    _path("index-without-x", "All groups but the last begin with x.", "tile/0/001/234"),
    _path("index-x-last", "The last group has no x.", "tile/0/x001/x234"),
    _path("index-upper-case-x", "The x is lower case.", "tile/0/X001/234"),
    _path("index-other-digits", "Digits are ASCII.", "tile/0/\u0660\u0660\u0660"),
    _path("width-0", "Empty tiles are not served.", "tile/0/000.p/0"),
    _path("width-256", "A full tile has no suffix.", "tile/0/000.p/256"),
    _path("width-with-leading-zero", "One tile has one path.", "tile/0/000.p/01"),
    _path("width-missing", "A suffix has its width.", "tile/0/000.p/"),
    _path("slash-first", "The path is relative to the base of the log.", "/tile/0/000"),
    _path("slash-last", "Nothing follows.", "tile/0/000/"),
    _path("line-feed", "Nothing follows.", "tile/0/000\n"),
    _path("dots", "No segment leads out.", "tile/0/../000"),
]
BUNDLES = [
    _bundle("valid-one", "One entry.", _entries(b"an entry"), ""),
    _bundle("valid-empty-entry", "An entry may be empty.", _entries(b"", b"another"), ""),
    _bundle("valid-256", "A full bundle.", _entries(*(bytes([number]) for number in range(256))), ""),
    _bundle("valid-largest-entry", "65,535 bytes.", _entries(bytes(65_535)), ""),
    _bundle("empty", "A bundle has an entry.", b""),
    _bundle("257-entries", "One more than a tile has hashes.", _entries(*[b""] * 257)),
    _bundle("length-cut", "A length lost a byte.", _entries(b"one") + b"\0"),
    _bundle("entry-cut", "An entry lost its end.", _entries(b"one", b"another")[:-1]),
    _bundle("entry-missing", "A length without its entry.", _entries(b"one") + b"\0\x05"),
]
INCLUSION = [
    _inclusion("valid-alone", "The one leaf of a tree is its root.", (0, 1), ""),
    _inclusion("valid-first", "The first leaf of seven.", (0, 7), ""),
    _inclusion("valid-inside", "The fourth leaf of seven.", (3, 7), ""),
    _inclusion("valid-last", "The last leaf has fewer siblings: it was carried up.", (6, 7), ""),
    _inclusion("valid-last-of-nine", "One sibling, the root of the eight before.", (8, 9), ""),
    _inclusion("another-leaf", "Another leaf at this place.", (3, 7), leaf_hash=LEAVES[4].hex()),
    _inclusion("another-index", "The leaf stands elsewhere.", (3, 7), index=2),
    _inclusion("another-size", "The proof is one of a tree of eight.", (3, 7), size=9),
    _inclusion("another-root", "The root of another size.", (3, 7), root=root(6).hex()),
    _inclusion("index-is-size", "No such leaf.", (3, 7), index=7),
    _inclusion("empty-tree", "Nothing stands in the empty tree.", (0, 1), size=0, root=EMPTY_ROOT.hex()),
    _inclusion("sibling-missing", "The proof lost its last sibling.", (3, 7), proof=_hex(OF_3[:-1])),
    _inclusion("sibling-left-over", "A sibling too many.", (3, 7), proof=_hex([*OF_3, OF_3[-1]])),
    _inclusion("siblings-turned", "The order is from below.", (3, 7), proof=_hex(OF_3[::-1])),
    _inclusion("sibling-of-31-bytes", "A sibling that lost a byte.", (3, 7), proof=_hex([OF_3[0][:31], *OF_3[1:]])),
    _inclusion("node-as-leaf", "A node is no leaf, though the rest of the proof would fit.", (2, 7), index=1, size=4,
               leaf_hash=root(2).hex(), proof=_hex(OF_3[1:]), root=root(7).hex()),
]  # fmt: skip
CONSISTENCY = [
    _growth("valid-1-to-7", "From the first leaf on.", (1, 7), ""),
    _growth("valid-4-to-7", "An old size that is a power of two: the old root is not repeated in the proof.", (4, 7), ""),
    _growth("valid-6-to-9", "Any other size.", (6, 9), ""),
    _growth("valid-8-to-9", "One leaf more than a whole tree.", (8, 9), ""),
    _growth("valid-equal", "Nothing was added; the proof is empty.", (7, 7), ""),
    _growth("valid-from-empty", "Every tree begins with the empty one; the proof is empty.", (0, 7), ""),
    _growth("fork", "Two roots for one size: the log contradicts itself.", (7, 7), "log-forked", new_root=root(6).hex()),
    _growth("smaller", "A log does not shrink.", (9, 6)),
    _growth("another-old-root", "The older tree was another one.", (6, 9), old_root=root(5).hex()),
    _growth("another-new-root", "The newer tree is another one.", (6, 9), new_root=root(8).hex()),
    _growth("another-old-size", "The root is that of six.", (6, 9), old_size=5),
    _growth("proof-missing", "No proof.", (6, 9), proof=[]),
    _growth("node-missing", "The proof lost its last node.", (6, 9), proof=_hex(TO_9[:-1])),
    _growth("node-left-over", "A node too many.", (6, 9), proof=_hex([*TO_9, TO_9[-1]])),
    _growth("node-of-33-bytes", "A node with a byte too many.", (6, 9), proof=_hex([TO_9[0] + b"\0", *TO_9[1:]])),
    _growth("nodes-turned", "The order is that of RFC 6962.", (6, 9), proof=_hex(TO_9[::-1])),
    _growth("proof-from-empty", "There is nothing to prove.", (0, 7), proof=_hex(TO_9[:1])),
    _growth("proof-between-equals", "There is nothing to prove.", (7, 7), proof=_hex(TO_9[:1])),
]
