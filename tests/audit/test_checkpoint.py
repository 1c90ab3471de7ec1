"""Checkpoints: the published example, and everything that the specification refuses."""

from __future__ import annotations

from base64 import b64encode

import pytest

from govern.audit import checkpoint
from govern.audit.checkpoint import Checkpoint
from govern.errors import EvidenceError
from govern.signing import keys

# c2sp.org/tlog-checkpoint, the specification's example; its key is not published.
SOFA = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeM"
    "cTOAYQ8=\n"
)
KEY = keys.of_seed(bytes(range(32)))
OTHER = keys.of_seed(bytes(range(1, 33)))
ROOT = bytes(range(32))
BASE64 = b64encode(ROOT).decode()


def test_the_specifications_example_is_read() -> None:
    """Origin, size and root are those of the example, and it is written as it was read."""
    found = checkpoint.read(SOFA)
    assert ("example.com/behind-the-sofa", 20_852_163) == (found.checkpoint.origin, found.checkpoint.size)
    assert "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62" == found.checkpoint.root.hex()
    assert SOFA == found.text
    assert "033de0ae" == found.note.signatures[0].key_id.hex()


def test_what_is_signed_is_verified() -> None:
    """By its key and by no other, whatever else is trusted."""
    made = Checkpoint("audit.example.org/desk", 7, ROOT)
    signed = checkpoint.read(checkpoint.sign(made, KEY))
    assert f"audit.example.org/desk\n7\n{BASE64}\n" == made.text
    assert made == checkpoint.verified(signed, [OTHER.public, KEY.public])
    with pytest.raises(EvidenceError, match="none of the known keys"):
        checkpoint.verified(signed, [OTHER.public])


def test_a_signature_under_another_logs_name_does_not_count() -> None:
    """The key of a checkpoint is called as its origin: one log's signature never vouches for another's."""
    text = checkpoint.sign(Checkpoint("audit.example.org/desk", 7, ROOT), KEY)
    with pytest.raises(EvidenceError, match="none of the known keys"):
        checkpoint.verified(checkpoint.read(text.replace("desk\n7", "till\n7")), [KEY.public])


def test_extension_lines_are_kept_and_signed() -> None:
    """Further lines are read and mean nothing, but belong to what is signed."""
    made = Checkpoint("one", 7, ROOT, ("more", "and more"))
    text = checkpoint.sign(made, KEY)
    assert made == checkpoint.verified(checkpoint.read(text), [KEY.public])
    with pytest.raises(EvidenceError, match="not good"):
        checkpoint.verified(checkpoint.read(text.replace("and more", "and less")), [KEY.public])


def test_the_empty_log() -> None:
    """Its size is written as 0."""
    assert 0 == checkpoint.read(checkpoint.sign(Checkpoint("one", 0, ROOT), KEY)).checkpoint.size


@pytest.mark.parametrize(
    "text",
    [
        "",
        "one\n7\n",
        f"\n7\n{BASE64}\n",
        f"one\n07\n{BASE64}\n",
        f"one\n+7\n{BASE64}\n",
        f"one\n-7\n{BASE64}\n",
        f"one\n 7\n{BASE64}\n",
        f"one\n7 \n{BASE64}\n",
        f"one\n\n{BASE64}\n",
        f"one\n٧\n{BASE64}\n",
        f"one\n{'9' * 5000}\n{BASE64}\n",
        f"one\nseven\n{BASE64}\n",
        f"one\n7\n{BASE64[:-1]}\n",
        f"one\n7\n{BASE64}=\n",
        f"one\n7\n {BASE64}\n",
        f"one\n7\n{b64encode(ROOT[:31]).decode()}\n",
        f"one\n7\n{BASE64[:-2]}9=\n",
        f"one\n7\n{ROOT.hex()}\n",
        f"one\n7\n{BASE64}\n\nmore\n",
        f"one\n7\n{BASE64}\nmore\n\n",
    ],
)
def test_what_is_no_checkpoint(text: str) -> None:
    """Leading zeros, other digits, another length of the root, stray bits, empty lines: refused."""
    blob = b64encode(bytes(68)).decode()
    with pytest.raises(EvidenceError):
        checkpoint.read(f"{text}\n— one {blob}\n")
