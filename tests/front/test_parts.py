"""What is kept of npm's packages: their names, versions and hashes, and not where somebody got them."""

import json

from front.parts import HERE


def test_the_lock_file_pins_every_package_and_names_no_registry():
    packages = json.loads((HERE / "package-lock.json").read_text())["packages"]
    del packages[""]
    assert all("integrity" in package for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
