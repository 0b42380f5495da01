"""The folder where the daemons of a database are reached: a socket for each process and purpose."""

import os
import socket
import stat
from contextlib import suppress

from taskwatch.store.address import is_postgres
from taskwatch.store.place import live_folder, make_folders

LONGEST_ADDRESS = 100  # bytes; the systems allow 104 to 108


class LiveFolder:
    """An open folder of the caller's own. A socket in it has an address however long its path is."""

    def __init__(self, path: str, trusted: tuple[int, ...]) -> None:
        """Open it; OSError if it is not there, not a folder, or belongs to none of the trusted users."""
        self.path = path
        self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        self.owner = os.fstat(self._fd).st_uid
        if self.owner not in trusted:
            self.close()
            raise PermissionError(f"{path} belongs to another user")

    @classmethod
    def open(cls, url: str) -> "LiveFolder":
        """The folder of a database, which for root may be anybody's; OSError if it has none."""
        path = live_folder(url)
        return cls(path, (os.geteuid(), os.stat(path).st_uid if os.geteuid() == 0 else os.geteuid()))

    @classmethod
    def make(cls, url: str) -> "LiveFolder":
        """The folder of a database, made when missing, for its owner alone."""
        path = live_folder(url)
        if is_postgres(url):
            make_folders(os.path.dirname(path))
        with suppress(FileExistsError):
            os.mkdir(path, 0o700)
        folder = cls(path, (os.geteuid(),))
        folder.keep_private()
        return folder

    def keep_private(self) -> None:
        """Let nobody else in."""
        os.fchmod(self._fd, stat.S_IRWXU)

    def new_name(self, prefix: str) -> str:
        """A name that no process has had."""
        return f"{prefix}{os.getpid()}-{os.urandom(4).hex()}"

    def names(self, prefix: str) -> list[str]:
        """The names that begin so."""
        return sorted(name for name in os.listdir(self._fd) if name.startswith(prefix))

    def address(self, name: str) -> str:
        """What to bind or connect a unix socket to; valid while the folder is open."""
        path = os.path.join(self.path, name)
        return path if len(os.fsencode(path)) <= LONGEST_ADDRESS else f"/proc/self/fd/{self._fd}/{name}"

    def bind(self, bare: socket.socket, name: str) -> None:
        """Give a socket that name, for its owner alone."""
        bare.bind(self.address(name))
        os.chmod(name, stat.S_IRUSR | stat.S_IWUSR, dir_fd=self._fd)

    def rename(self, old: str, new: str) -> None:
        """Give a socket another name."""
        os.rename(old, new, src_dir_fd=self._fd, dst_dir_fd=self._fd)

    def remove(self, name: str) -> None:
        """Remove a socket's file, if it is there."""
        with suppress(OSError):
            os.unlink(name, dir_fd=self._fd)

    def close(self) -> None:
        """Let go of the folder; it stays."""
        os.close(self._fd)
