"""The only file that knows which operating system this is: locks, folders, permissions, limits, memory.

POSIX modules are imported inside functions, so that the file loads everywhere. What a system cannot do is a no-op that
says so by its return value.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
from pathlib import Path

WINDOWS = sys.platform == "win32"
LINUX = sys.platform.startswith("linux")
MACOS = sys.platform == "darwin"


def lock_file(descriptor: int) -> bool:
    """Take the exclusive kernel lock on an open file; False when another process holds it. Raises OSError.

    The kernel drops the lock with the process, so a dead writer never blocks.
    """
    try:
        if WINDOWS:
            import msvcrt

            os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # a byte nobody reads, so that the holder's name stays readable
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # the second on Windows and on network drives
        return False
    return True


def sync_file(descriptor: int) -> None:
    """Put a file's bytes on the disk itself; raises OSError, after which the file must be given up."""
    if MACOS:
        import fcntl

        with contextlib.suppress(OSError):  # not offered by network drives; plain fsync follows
            fcntl.fcntl(descriptor, 51)  # F_FULLFSYNC in <sys/fcntl.h>, absent from the module elsewhere
            return
    os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut; Windows does so by itself."""
    if WINDOWS:
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_private_folder(folder: Path) -> None:
    """Create `folder` for this user alone (0700), whatever the umask; its name survives a power cut."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for place in missing:
        sync_folder(place.parent)
    if not WINDOWS and folder.stat().st_uid == current_user():
        folder.chmod(0o700)


def open_to_others(path: Path) -> bool:
    """Whether somebody else may read or change `path`."""
    try:
        return not WINDOWS and bool(stat.S_IMODE(path.stat().st_mode) & 0o077)
    except FileNotFoundError:  # gone meanwhile
        return False


def filesystem_of(path: Path) -> str:
    """The kind of file system `path` is on, in the words of the mount table; "" when that cannot be told."""
    if WINDOWS:
        return _windows_drive(path)
    while not path.exists():
        path = path.parent
    if MACOS:
        return _macos_filesystem(path)
    best, kind = "", ""
    with contextlib.suppress(OSError), Path("/proc/self/mounts").open(encoding="utf-8", errors="replace") as mounts:
        for line in mounts:
            # A blank in a name stands there as \040; other letters as they are.
            place = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), line.split(" ")[1])
            if len(place) >= len(best) and (path == Path(place) or Path(place) in path.parents):
                best, kind = place, line.split(" ")[2]
    return kind


def _macos_filesystem(path: Path) -> str:
    import subprocess

    done = subprocess.run(["/sbin/mount"], capture_output=True, text=True, check=False)
    best, kind = "", ""
    for line in done.stdout.splitlines():
        place, _, facts = line.partition(" on ")[2].partition(" (")
        if len(place) >= len(best) and (path == Path(place) or Path(place) in path.parents):
            best, kind = place, facts.split(",")[0].rstrip(")")
    return kind


def _windows_drive(path: Path) -> str:
    import ctypes

    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - absent from the stubs elsewhere
    remote = str(path).startswith("\\\\") or kernel.GetDriveTypeW(path.anchor) == 4  # DRIVE_REMOTE in <fileapi.h>
    return "smbfs" if remote else ""


def current_user() -> int | None:
    """The number of the user this process runs as; None where users have no numbers."""
    return None if WINDOWS else os.getuid()


def owner(path: Path) -> int | None:
    """The number of the user who owns `path`; None where that is not known."""
    return None if WINDOWS else path.stat().st_uid


def limit_process(*, memory: int | None, files: int | None, written: int | None) -> None:
    """Limit this process for good: address space, open files, and the size of any file it writes (bytes).

    macOS does not enforce the limit on memory and Windows none of them: there the caller's time limit is what holds.
    """
    if WINDOWS:
        return
    import resource

    for name, value in (("RLIMIT_AS", memory), ("RLIMIT_NOFILE", files), ("RLIMIT_FSIZE", written), ("RLIMIT_CORE", 0)):
        if value is None:
            continue
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (soft, soft))


def leave_network() -> bool:
    """Cut this process and all it starts off from the internet for good; False where the system does not let us.

    By a network namespace without any interface, or where that is forbidden by a filter that refuses internet sockets.
    """
    return enter_empty_network() or refuse_internet()


def enter_empty_network() -> bool:
    """Move this process into a network namespace without any interface; False where the system does not let us."""
    if not LINUX:
        return False
    import ctypes

    new_user, new_network = 0x10000000, 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET in <linux/sched.h>
    libc = ctypes.CDLL(None, use_errno=True)
    return any(libc.unshare(flags) == 0 for flags in (new_network, new_user | new_network))


def refuse_internet() -> bool:
    """Make this process and all it starts fail to open IPv4 and IPv6 sockets (seccomp(2)); False where that cannot be.

    Needs no privilege. C and C++ libraries are bound by it too.
    """
    import ctypes
    import platform
    import struct

    # socket's and seccomp's numbers and the machine's AUDIT_ARCH, from the kernel's tables
    socket, seccomp, machine = {
        "x86_64": (41, 317, 0xC000003E),
        "aarch64": (198, 277, 0xC00000B7),
    }.get(platform.machine(), (0, 0, 0))
    if not LINUX or not seccomp:
        return False
    load, equal, give = 0x20, 0x15, 0x06  # BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K
    allow, refuse = 0x7FFF0000, 0x00050000 | 13  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO with EACCES
    steps = (
        *((load, 0, 0, 4), (equal, 0, 5, machine), (load, 0, 0, 0), (equal, 0, 3, socket), (load, 0, 0, 16)),
        *((equal, 2, 0, 2), (equal, 1, 0, 10), (give, 0, 0, allow), (give, 0, 0, refuse)),  # AF_INET, AF_INET6
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS, which the kernel asks for
    every_thread = 1  # SECCOMP_FILTER_FLAG_TSYNC
    return bool(libc.syscall(seccomp, 1, every_thread, program) == 0)


def withhold_amx() -> bool:
    """Make the kernel refuse Intel's matrix registers (AMX) to this process; False where they cannot be had anyway.

    Linux gives them out on request only, and refuses while a signal stack is too small to hold their 8 KB
    (Documentation/arch/x86/xstate.rst in its source). None of our processes runs a handler on such a stack.
    """
    if not LINUX or "amx_tile" not in instruction_sets():
        return False
    import ctypes

    size = 8192  # room for everything but the matrix registers: SIGSTKSZ in <signal.h>
    libc = ctypes.CDLL(None, use_errno=True)
    libc.malloc.restype = ctypes.c_void_p
    place = libc.malloc(size)  # for good: the kernel keeps the address
    stack = (ctypes.c_void_p * 3)(place, 0, size)  # stack_t: address, flags, size
    return bool(libc.sigaltstack(stack, None) == 0)


def end_family(process: int) -> None:
    """Kill a process that leads its own session (Popen's `start_new_session`), and everything it started."""
    if WINDOWS:
        import subprocess

        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process)], capture_output=True, check=False)
        return
    import signal

    with contextlib.suppress(OSError):
        os.killpg(process, signal.SIGKILL)


def lower_priority() -> None:
    """Let other programs of the user go first."""
    if not WINDOWS:
        with contextlib.suppress(OSError):
            os.nice(5)


def computed_seconds(process: int) -> float | None:
    """Processor time that a running process has used; None where that cannot be told."""
    if not LINUX:
        return None
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children_peak_memory() -> int:
    """Bytes of memory the largest process took that this one started and that has ended; 0 where it is not known."""
    if WINDOWS:
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak if MACOS else peak * 1024  # Linux counts in kibibytes


def physical_memory() -> int:
    """Bytes of memory in this machine (of this container, where a limit is set); 0 when it cannot be told."""
    if WINDOWS:
        return _windows_memory()
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
        if limit != "max":
            total = min(total, int(limit))
    return total


def available_memory() -> int:
    """Bytes of memory that programs may still take without others being swapped out; all of it where only that is told.

    Files that the system keeps in memory because there is room for them count as free.
    """
    if WINDOWS:
        return _windows_memory("free")
    free = physical_memory()
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = min(free, 1024 * int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1]))
    with contextlib.suppress(OSError, ValueError):
        group = Path("/sys/fs/cgroup")
        limit, taken = ((group / name).read_text(encoding="ascii") for name in ("memory.max", "memory.current"))
        if limit.strip() != "max":
            files = (line.split() for line in (group / "memory.stat").read_text(encoding="ascii").splitlines())
            kept = sum(int(size) for name, size in files if name in ("active_file", "inactive_file"))
            free = min(free, int(limit) - int(taken) + kept)
    return max(free, 0)


def _windows_memory(field: str = "total") -> int:
    import ctypes

    class MemoryStatus(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            ("total", ctypes.c_uint64),
            ("free", ctypes.c_uint64),
            ("rest", ctypes.c_uint64 * 5),
        )

    status = MemoryStatus()
    status.length = ctypes.sizeof(status)
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - absent from the stubs elsewhere
    return int(getattr(status, field)) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else 0


def usable_cores() -> int:
    """Cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def open_with_system(path: Path) -> list[str]:
    """The command by which this system opens a file in the program the user chose for it."""
    if MACOS:
        return ["open", str(path)]
    if WINDOWS:
        return ["explorer", str(path)]
    return ["xdg-open", str(path)]


def physical_cores() -> int:
    """Cores of this machine, without the second threads some of them run; usable cores where that cannot be told."""
    if MACOS:
        return int(_sysctl("hw.perflevel0.physicalcpu") or _sysctl("hw.physicalcpu") or usable_cores())
    pairs = {(entry.get("physical id"), entry["core id"]) for entry in _cpuinfo() if "core id" in entry}
    return len(pairs) or usable_cores()


def processor_name() -> str:
    """The processor's own name, or its family."""
    import platform

    if MACOS:
        return _sysctl("machdep.cpu.brand_string") or platform.machine()
    names = [entry["model name"] for entry in _cpuinfo() if "model name" in entry]
    return names[0] if names else platform.processor() or platform.machine()


def instruction_sets() -> frozenset[str]:
    """The processor's instruction sets by Linux's names (avx2, avx512_bf16, asimddp …); empty if unknown."""
    if MACOS:
        arm = {"hw.optional.arm.FEAT_I8MM": "i8mm", "hw.optional.arm.FEAT_DotProd": "asimddp"}
        found = {name for key, name in arm.items() if _sysctl(key) == "1"}
        return frozenset(found | {"avx2"} if _sysctl("hw.optional.avx2_0") == "1" else found)
    if WINDOWS:
        return _windows_instruction_sets()
    lists = [entry.get("flags") or entry.get("Features") or "" for entry in _cpuinfo()]
    return frozenset(lists[0].split()) if lists else frozenset()


def has_nvidia() -> bool:
    """Whether an NVIDIA driver is installed, seen from its files."""
    import shutil

    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def _cpuinfo() -> list[dict[str, str]]:
    """One mapping for each logical processor; empty where there is no /proc."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    blocks = [block for block in text.split("\n\n") if block.strip()]
    lines = [[line.partition(":") for line in block.splitlines()] for block in blocks]
    return [{key.strip(): value.strip() for key, _, value in block} for block in lines]


def _sysctl(key: str) -> str:
    """A value of macOS's system table; "" when it has none of this name."""
    import subprocess

    done = subprocess.run(["/usr/sbin/sysctl", "-n", key], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _windows_instruction_sets() -> frozenset[str]:
    import ctypes

    # Numbers from winnt.h: PF_AVX2_INSTRUCTIONS_AVAILABLE, PF_AVX512F_INSTRUCTIONS_AVAILABLE, PF_ARM_V82_DP_….
    numbers = {"avx2": 40, "avx512f": 41, "asimddp": 43}
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - absent from the stubs elsewhere
    return frozenset(name for name, number in numbers.items() if kernel.IsProcessorFeaturePresent(number))
