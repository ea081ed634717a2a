"""Things to break on purpose, so that a learner knows them when they happen in earnest."""

from .faults import Diagnosis, diagnose, post, with_flow_id, without_role
from .files import credential_files, found_in
from .persons import persons_left
from .refusals import compare, refusal
from .strangers import stranger

__all__ = [
    "Diagnosis",
    "compare",
    "credential_files",
    "diagnose",
    "found_in",
    "persons_left",
    "post",
    "refusal",
    "stranger",
    "with_flow_id",
    "without_role",
]
