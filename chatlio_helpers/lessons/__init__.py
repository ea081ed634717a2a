"""Things to break on purpose, so that a learner knows them when they happen in earnest."""

from .faults import Diagnosis, diagnose, post, with_flow_id, without_role
from .files import credential_files, found_in
from .refusals import compare, refusal

__all__ = [
    "Diagnosis",
    "compare",
    "credential_files",
    "diagnose",
    "found_in",
    "post",
    "refusal",
    "with_flow_id",
    "without_role",
]
