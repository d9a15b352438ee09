"""nonblocking.py PROGRAM ARGUMENT... - run a program whose standard input,
output and error are non-blocking pipes: what comes in is copied in slowly, what
it says is copied out slowly.  Ends with its status."""

import os
import subprocess
import sys
import threading
import time

PIECE = 4096
PAUSE = 0.002  # seconds: a pipe is found empty, and full


def copy(source, target, piece):
    """Until the end, in pieces."""
    while data := os.read(source, piece):
        time.sleep(PAUSE)
        while data:
            try:
                data = data[os.write(target, data):]
            except BlockingIOError:
                time.sleep(PAUSE)
            except BrokenPipeError:
                return
    if target > 2:
        os.close(target)


def main():
    pipes = [os.pipe() for _ in range(3)]
    for pipe in pipes:
        for end in pipe:
            os.set_blocking(end, False)
    given = [pipes[0][0], pipes[1][1], pipes[2][1]]
    ours = [pipes[0][1], pipes[1][0], pipes[2][0]]
    program = subprocess.Popen(sys.argv[1:], stdin=given[0], stdout=given[1],
                               stderr=given[2])
    for end in given:
        os.close(end)
    for end in ours[1:]:
        os.set_blocking(end, True)
    threads = [
        threading.Thread(target=copy, args=(0, ours[0], PIECE), daemon=True),
        threading.Thread(target=copy, args=(ours[1], 1, 64 * PIECE)),
        threading.Thread(target=copy, args=(ours[2], 2, 64 * PIECE)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads[1:]:
        thread.join()
    return program.wait()


sys.exit(main())
