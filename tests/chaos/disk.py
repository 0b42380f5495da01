"""A disk that forgets: an apsw VFS that records every write and sync, and rebuilds what a power cut leaves.

What was synced stays; what was written since may be kept, dropped or torn at 512 bytes, file by file.
Directory entries are taken as durable.
"""

import apsw

SECTOR = 512


class Disk(apsw.VFS):
    """Files in memory, and the log of all that happened to them: (name, kind, offset, data)."""

    def __init__(self, name):
        self.files = {}
        self.log = []
        super().__init__(name, "")

    def xOpen(self, name, flags):
        filename = name.filename() if hasattr(name, "filename") else str(name)
        self.files.setdefault(filename, bytearray())
        return File(self, filename, flags)

    def xAccess(self, pathname, flags):
        return pathname in self.files

    def xFullPathname(self, name):
        return name

    def xDelete(self, filename, syncdir):
        self.files.pop(filename, None)
        self.log.append((filename, "delete", 0, b""))


class File:
    """One open file. Locks always succeed: there is one process."""

    def __init__(self, disk, name, flags):
        self.disk, self.name = disk, name
        flags[1] = flags[0]

    @property
    def content(self):
        return self.disk.files[self.name]

    def xRead(self, amount, offset):
        return bytes(self.content[offset : offset + amount])

    def xWrite(self, data, offset):
        write(self.content, offset, data)
        self.disk.log.append((self.name, "write", offset, bytes(data)))

    def xTruncate(self, size):
        del self.content[size:]
        self.disk.log.append((self.name, "truncate", size, b""))

    def xSync(self, flags):
        self.disk.log.append((self.name, "sync", 0, b""))

    def xFileSize(self):
        return len(self.content)

    def xFileControl(self, op, pointer):
        return False

    def xSectorSize(self):
        return SECTOR

    def xDeviceCharacteristics(self):
        return 0

    def xCheckReservedLock(self):
        return False

    def xLock(self, level):
        pass

    def xUnlock(self, level):
        pass

    def xClose(self):
        pass


def write(content, offset, data):
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class Platter:
    """What lies on the disk while the log is replayed: the synced bytes and what is still pending."""

    def __init__(self, files):
        self.synced = {name: bytearray(content) for name, content in files.items()}
        self.pending = {}

    def replay(self, entry):
        name, kind, offset, data = entry
        self.synced.setdefault(name, bytearray())
        if kind == "delete":
            self.synced.pop(name)
            self.pending.pop(name, None)
        elif kind == "sync":
            for change in self.pending.pop(name, []):
                apply(self.synced[name], change)
        else:
            self.pending.setdefault(name, []).append((kind, offset, data))

    def after_power_cut(self, random):
        """A possible image: every pending change kept, dropped or torn."""
        image = {name: bytearray(content) for name, content in self.synced.items()}
        for name, changes in self.pending.items():
            fate = random.choice(["all", "none", "some"])
            for change in changes:
                if fate == "all" or (fate == "some" and random.random() < 0.5):
                    apply(image[name], torn(change, random) if fate == "some" else change)
        return image


def apply(content, change):
    kind, offset, data = change
    if kind == "truncate":
        del content[offset:]
    else:
        write(content, offset, data)


def torn(change, random):
    kind, offset, data = change
    if kind == "truncate" or random.random() < 0.5:
        return change
    return kind, offset, data[: SECTOR * random.randint(0, len(data) // SECTOR)]
