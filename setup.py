"""Packages of the wheel: all else stands in pyproject.toml.

The web app's folders keep their names in a clone, where `streamlit run` finds them; in a wheel they lie within
`sonoform.web`, so that no package called app or pages stands among everybody's.
"""

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

LIBRARY = find_packages(include=["sonoform*", "synth*"])
SHELL = find_packages(include=["app*"])


class Build(build_py):
    """Of the clone's own folder the launcher alone is part of the web app, not this file."""

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        return [found for found in super().find_package_modules(package, package_dir) if found[1] != "setup"]


setup(
    cmdclass={"build_py": Build},
    packages=[*LIBRARY, "sonoform.web", "sonoform.web.pages", *(f"sonoform.web.{name}" for name in SHELL)],
    package_dir={
        "": ".",
        "sonoform.web": ".",
        "sonoform.web.pages": "pages",
        **{f"sonoform.web.{name}": name.replace(".", "/") for name in SHELL},
    },
)
