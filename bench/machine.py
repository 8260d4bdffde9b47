# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the figures belong to: the machine, and the versions of what ran on it."""
import os
import platform
import re
import subprocess
from pathlib import Path

PACKAGES = ('usbredirect', 'libusbredirhost1', 'libevent-2.1-7', 'libc6', 'gcc', 'linux-perf')


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True,
                              timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ''


def _cpu() -> str:
    found = re.search(r'^model name\s*: (.*)$', Path('/proc/cpuinfo').read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _version(package: str) -> str:
    return _said('dpkg-query', '-W', '-f', '${Version}', package) or 'not installed'


def describe(source: Path) -> dict[str, str]:
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30
    virtual = _said('systemd-detect-virt', '--vm')
    return {
        'processor': f'{_cpu()}, {os.cpu_count()} cores',
        'memory': f'{memory:.1f} GiB',
        'virtual machine': 'no' if virtual in ('', 'none') else virtual,
        'kernel': f'{platform.system()} {platform.release()}',
        'TCP congestion control': Path('/proc/sys/net/ipv4/tcp_congestion_control').read_text().strip(),
        'system': platform.freedesktop_os_release().get('PRETTY_NAME', ''),
        'usbredird': _said('git', '-C', str(source), 'describe', '--always', '--dirty', '--tags')
                     or 'not from git',
        **{package: _version(package) for package in PACKAGES},
    }
