"""What the user wishes: settings from flags, environment and TOML files, checked key by key.

`keys` is the table of all there is, `check` judges a value, `places` says where files lie, `files` reads one,
`settings` joins them.
"""

from taskwatch.config.check import Setting
from taskwatch.config.keys import KEYS, Key, Value
from taskwatch.config.settings import Config, Sources, acting_user, database_path, load

__all__ = ["KEYS", "Config", "Key", "Setting", "Sources", "Value", "acting_user", "database_path", "load"]
