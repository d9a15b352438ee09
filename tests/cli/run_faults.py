"""run_faults.py MAILSEND DIRECTORY - system calls of a run fail, one in each
run: the job's status is told, and its mail is sent, queued or kept, or it is
said that it is not.  What is wrong, a line each."""
import os
import shutil
import subprocess
import sys

# The call, the error, and how many of its first calls are tried.
PLANS = [
    ("openat", "ENOSPC", 40), ("openat", "EMFILE", 40), ("write", "ENOSPC", 25),
    ("fsync", "EIO", 8), ("rename", "EACCES", 4), ("pipe2", "EMFILE", 3),
    ("pipe", "EMFILE", 3), ("clone", "EAGAIN", 2), ("wait4", "ECHILD", 4),
    ("ppoll", "ENOMEM", 4), ("read", "EIO", 25), ("flock", "ENOLCK", 8),
    ("mkdir", "EACCES", 8), ("dup2", "EMFILE", 2), ("kill", "EPERM", 2),
]
STEP = 3


def files(path):
    """All below it."""
    return [name for _, _, names in os.walk(path) for name in names]


def try_one(words, place, call, error, when):
    """None when the call was not made so often; else what is wrong."""
    shutil.rmtree(place, ignore_errors=True)
    for name in ("home", "spare"):
        os.makedirs(f"{place}/{name}", mode=0o700)
    open(f"{place}/config", "w", encoding="ascii").close()
    environment = dict(
        os.environ, HOME=f"{place}/home", MAILSEND_CONFIG=f"{place}/config",
        MAILSEND_QUEUE=f"{place}/queue", TMPDIR=f"{place}/spare",
        MAILSEND_FROZEN=f"user=alice uid={os.getuid()} home={place}/home "
        f"host=h.example.org charset=utf-8 tty=0 spare={place}/spare")
    done = subprocess.run(
        ["strace", "-o", f"{place}/trace", "-e", f"trace={call}",
         "-e", f"inject={call}:error={error}:when={when}", *words, "--run",
         "--lock", "--every", "1d", "alice", "--", "sh", "-c",
         f"echo words; echo more >&2; : >{place}/ran; exit 6"],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True,
        timeout=120, check=False)
    with open(f"{place}/trace", encoding="utf-8", errors="replace") as file:
        if "INJECTED" not in file.read():
            return None
    said = done.stderr.decode(errors="replace").strip()
    # ... or the sanitizer's, which reads its options out of /proc
    if "error while loading shared libraries" in said or \
            "LeakSanitizer does not work under ptrace" in said:
        return ""
    has_run = os.path.exists(f"{place}/ran")
    kept = (files(f"{place}/home/Maildir") or files(f"{place}/queue/env") or
            [n for n in files(place) if n.startswith("dead.letter")])
    if has_run and done.returncode != 6:
        return f"it was run, and the status is {done.returncode}: {said}"
    if not has_run and (done.returncode == 0 or not said):
        return f"it was not run, and the status is {done.returncode}: {said}"
    if has_run and not kept and not said:
        return "there is no mail, and not a word of that"
    return ""


def main():
    """All of them; the status tells whether anything is wrong."""
    words, place = sys.argv[1].split(), sys.argv[2]
    runs = wrong = 0
    for call, error, most in PLANS:
        for when in range(1, most + 1, STEP if most > 8 else 1):
            found = try_one(words, place, call, error, when)
            if found is None:
                break
            runs += 1
            if found:
                wrong += 1
                print(f"{call} {error} {when}: {found}")
    print(f"{runs} runs")
    sys.exit(1 if wrong or runs < 20 else 0)


main()
