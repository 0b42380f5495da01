"""The units that run the daemon under systemd, as text."""

import os
import shutil
import sys

from taskwatch.config import Config

_SERVICE = """\
# taskwatch.service: put it into /etc/systemd/system, then run: systemctl enable --now taskwatch.service
# Its database is /var/lib/taskwatch/taskwatch.db, its configuration /etc/taskwatch/config.toml.
[Unit]
Description=taskwatch: live updates and alerts for workflow tasks
After=network.target

[Service]
Type=notify
NotifyAccess=main
ExecStart={command} daemon
ExecReload=kill -HUP $MAINPID
Restart=on-failure
RestartPreventExitStatus=78
WatchdogSec=60
TimeoutStopSec=20
LimitNOFILE=65536

DynamicUser=yes
StateDirectory=taskwatch
StateDirectoryMode=0700
UMask=0077
# For a Pusher secret of your own, with pusher.secret_file = "/run/credentials/taskwatch.service/pusher":
#LoadCredential=pusher:/etc/taskwatch/pusher.secret

CapabilityBoundingSet=
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateTmp=yes
PrivateUsers=yes
ProcSubset=pid
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome={home}
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources

[Install]
WantedBy=multi-user.target
"""

_SOCKET = """\
# taskwatch.socket: put it beside taskwatch.service, then run: systemctl enable --now taskwatch.socket
# systemd keeps the port open while the service restarts, so that no connection is refused.
[Unit]
Description=taskwatch: the port of the daemon

[Socket]
ListenStream={address}
Backlog=4096
FileDescriptorName=http

[Install]
WantedBy=sockets.target
"""


def service_unit(command: list[str]) -> str:
    """The service; `command` are the words that run taskwatch, the first one an absolute path."""
    home = "read-only" if command[0].startswith(("/home/", "/root/", "/run/user/")) else "yes"
    return _SERVICE.format(command=" ".join(map(_quote, command)), home=home)


def socket_unit(config: Config) -> str:
    """The socket, on the configured address."""
    host, port = config.text("server.host"), config.number("server.port")
    return _SOCKET.format(address=f"[{host}]:{port}" if ":" in host else f"{host}:{port}")


def own_command() -> list[str]:
    """How this very taskwatch is run again: its script where there is one, else this Python."""
    script = shutil.which(os.path.join(os.path.dirname(sys.executable), "taskwatch"))
    return [script] if script else [sys.executable, "-m", "taskwatch"]


def _quote(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if set(word) & set(" \t\"\\'") else escaped
