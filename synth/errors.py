"""Errors that a person caused and a person can mend.

Every message is one sentence that says what is wrong and what to do. The pages show it as it is, the command line
prints it and exits with 2, the HTTP routes answer it as one JSON line: 4xx, or 500 where the
server's own files are at fault.
"""


class SonoformError(Exception):
    """Base of all errors meant for the user."""


class PatchError(SonoformError):
    """A patch has an unknown key, a wrong type or a value out of range. `field` names the key."""

    def __init__(self, field: str, message: str):
        super().__init__(f"{field}: {message}")
        self.field = field


class ConfigError(SonoformError):
    """A setting has an unknown key, a wrong type or a value out of range. `key` names it, `source` its place."""

    def __init__(self, source: str, key: str, reason: str):
        super().__init__(f"{source}: {key} {reason}")
        self.key = key
        self.reason = reason


class KitError(SonoformError):
    """A kit cannot be read, made or written."""


class LibraryError(SonoformError):
    """The library of sounds cannot be read or written, or does not take what it is given."""


class ListeningError(SonoformError):
    """A listening test cannot be made, read or answered."""


class AudioError(SonoformError):
    """A sound cannot be read, written or analysed."""


class FileError(AudioError):
    """A sound file cannot be taken. `fault` and `remedy` are what its sentence says of the file: "is empty".

    damaged: whether no sound can be read from it at all.
    """

    def __init__(self, name: str, fault: str, remedy: str, damaged: bool = False):
        super().__init__(f"{name} {fault}; {remedy}.")
        self.fault = fault
        self.remedy = remedy
        self.damaged = damaged


class CheckpointError(SonoformError):
    """A checkpoint is missing, damaged or of another version."""


class UnknownModel(CheckpointError):
    """There is no model of this id."""


class DataError(SonoformError):
    """A folder of recordings cannot be trained on."""


class RunError(SonoformError):
    """A training run cannot be started, resumed or published."""
