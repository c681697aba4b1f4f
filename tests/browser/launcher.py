#!/usr/bin/env python3
"""Chromium without news of the network, started in place of it and with its arguments.

Chromium drops what it loads (ERR_NETWORK_CHANGED) when any interface of the machine comes or goes,
as tests beside it let theirs do. No switch ends that. It learns of interfaces by netlink sockets;
where it cannot have one it takes the network for unchanging.
"""

import ctypes
import errno
import os
import platform
import socket
import struct
import sys

SOCKET = {"x86_64": 41, "aarch64": 198}
"""Number of the system call `socket` on each kind of machine; elsewhere nothing is refused."""
NUMBER, FAMILY = 0, 16
"""Places of a call's number and of its first argument, in the kernel's struct seccomp_data."""
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
"""Instructions of BPF, from linux/bpf_common.h."""
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
"""Answers of a filter, from linux/seccomp.h."""
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2


class Program(ctypes.Structure):
    """The kernel's struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def refuse_netlink() -> None:
    """Let this process and all that it starts get EAFNOSUPPORT in place of a netlink socket.

    Raise OSError if the kernel has no filters.
    """
    instructions = (
        (LOAD, 0, 0, NUMBER),
        (JUMP_IF_EQUAL, 0, 3, SOCKET[platform.machine()]),
        (LOAD, 0, 0, FAMILY),
        (JUMP_IF_EQUAL, 0, 1, socket.AF_NETLINK),
        (RETURN, 0, 0, ERRNO | errno.EAFNOSUPPORT),
        (RETURN, 0, 0, ALLOW),
    )
    program = Program(len(instructions), b"".join(struct.pack("HBBI", *x) for x in instructions))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    calls = (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program)),
    )
    for call in calls:
        if prctl(*call):
            number = ctypes.get_errno()
            raise OSError(number, f"prctl: {os.strerror(number)}")


if __name__ == "__main__":
    if platform.machine() in SOCKET:
        refuse_netlink()
    os.execvp("chromium-headless-shell", ["chromium-headless-shell", *sys.argv[1:]])  # noqa: S606 - it becomes Chromium
