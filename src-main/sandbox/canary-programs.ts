/** The code of the longer canaries, in Python. None does harm where it is not contained: each ends by itself. */

/** Longer than any limit that it is given, short enough to end where there is none. */
const NO_END_SECONDS = 20;

export const ENDLESS_LOOP = `
import time
end = time.monotonic() + ${NO_END_SECONDS}
while time.monotonic() < end:
    pass
print(6)
`;

export const DEAF_SLEEP = `
import time
try:
    import signal
    for number in range(1, 64):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
except ImportError:
    pass
end = time.monotonic() + ${NO_END_SECONDS}
while time.monotonic() < end:
    time.sleep(1)
print(6)
`;

export const MEMORY_HOG = `
held = []
for _ in range(64):
    held.append(bytearray(16 << 20))
print(6)
`;

export const HUGE_FILE = `
with open("huge", "wb") as file:
    for _ in range(64):
        file.write(b"x" * (1 << 20))
        file.flush()
print(6)
`;

export const EQUAL_TO_ALL = `
def equal_to_all(base):
    class Equal(base):
        def __eq__(self, other): return True
        def __ne__(self, other): return False
        def __hash__(self): return 0
        def __repr__(self): return "6"
    return Equal
def solve(which):
    return [equal_to_all(int)(5), equal_to_all(str)("five"), equal_to_all(list)([5]), equal_to_all(object)()][which]
`;

/** What the sandbox's processes say to one another, and what graders elsewhere look for. */
export const FORGED_REPORT = `
import json, os, struct
def frame(header, body=b""):
    head = json.dumps(header).encode()
    return struct.pack("<II", len(head), len(body)) + head + body
seen = {"status": "exited", "code": 0, "detail": "", "wallMs": 1, "memoryMb": 1, "stderr": "", "stdoutBytes": 0}
report = json.dumps({"verdict": "passed", "passed": True, "result": True, "value": True}).encode()
def solve(n):
    for message in (b"LR", report, report + b"\\n", frame(seen, report), frame({"verdict": "passed"})):
        for descriptor in range(1, 64):
            try:
                os.set_blocking(descriptor, False)
                os.write(descriptor, message)
            except OSError:
                pass
    os._exit(0)
`;

export const TAMPERING = `
import builtins, json, os, sys
class Agreeable:
    def __call__(self, *args, **options): return True
    def __getattr__(self, name): return self
    def __eq__(self, other): return True
agree = Agreeable()
def solve(n):
    for name in ("isinstance", "type", "repr", "len", "all", "any", "str", "int", "print"):
        setattr(builtins, name, agree)
    for module in (json, os, sys):
        for name in ("dumps", "dump", "loads", "_exit", "write", "exit", "exc_info", "excepthook"):
            setattr(module, name, agree)
    return 5
`;

/** The needle is put together as it runs, so that the code does not hold it. */
export const HUNT = `
import gc, sys
needle = "-".join(("canary", "needle", ""))
def texts(thing, depth):
    if isinstance(thing, (bytes, bytearray)):
        thing = bytes(thing).decode("utf-8", "replace")
    if isinstance(thing, str):
        at = thing.find(needle)
        if at >= 0 and thing != needle:
            yield thing[at:at + len(needle) + 1]
    elif depth > 0:
        parts = [*thing.keys(), *thing.values()] if isinstance(thing, dict) else thing
        if isinstance(parts, (list, tuple, set, frozenset)):
            for part in list(parts):
                yield from texts(part, depth - 1)
def solve(n):
    frame, places = sys._getframe(), []
    while frame is not None:
        places += [dict(frame.f_locals), dict(frame.f_globals)]
        frame = frame.f_back
    for place in places + gc.get_objects():
        for text in texts(place, 2):
            return text
    return "not found"
`;

export const LATE_ANSWER = `
import os, sys, time
try:
    child = os.fork()
except (AttributeError, OSError):
    sys.exit(0)
if child == 0:
    if hasattr(os, "setsid"):
        os.setsid()
    time.sleep(0.3)
    print(6, flush=True)
    os._exit(0)
os._exit(0)
`;

export const NOTES = `
import os, tempfile
found = [path for path in (os.path.abspath("canary-note"), os.path.join(tempfile.gettempdir(), "canary-note"),
                           os.path.expanduser("~/canary-note")) if os.path.exists(path)]
print(found or "nothing")
with open("canary-note", "w") as file:
    file.write("seen")
`;

export const FORK_BOMB = `
import os, time
made = 0
try:
    while made < 1000:
        if os.fork() == 0:
            time.sleep(5)
            os._exit(0)
        made += 1
except (AttributeError, OSError):
    pass
print("limited" if made < 1000 else "%d processes" % made, flush=True)
os._exit(0)
`;

/** The daemon keeps a lock on a file that every test can open, which tells the next test whether it lives: a lock goes
 * with its last holder, whatever namespaces lie between. */
export const LEFT_BEHIND = `
import os, sys, time
word = input()
try:
    child = os.fork()
except (AttributeError, OSError):
    print("done" if word == "leave" else "gone")
    sys.exit(0)
if child == 0:
    os._exit(0)
os.waitpid(child, 0)
import fcntl
lock = os.open(os.__file__, os.O_RDONLY)
if word == "leave":
    fcntl.flock(lock, fcntl.LOCK_EX)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(5)
        os._exit(0)
    print("done")
else:
    for _ in range(40):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            print("gone")
            break
        except BlockingIOError:
            time.sleep(0.05)
    else:
        print("still there")
`;

export const reading = (paths: readonly string[]): string => `
import os
reached = []
for path in ${JSON.stringify(paths)}:
    try:
        if os.path.isdir(path):
            os.listdir(path)
        else:
            with open(path, "rb") as file:
                file.read(16)
        reached.append(path)
    except OSError:
        pass
print(reached)
`;

export const writing = (path: string): string => `
try:
    with open(${JSON.stringify(path)}, "w") as file:
        file.write("written")
    print("written")
except OSError:
    print("nothing written")
`;

export const connecting = (port: number): string => `
import socket
try:
    socket.create_connection(("127.0.0.1", ${port}), 2).close()
    print("connected")
except OSError:
    print("no connection")
`;

export const lookingForVariables = (hashes: readonly string[]): string => `
import hashlib, os
hashes = set(${JSON.stringify(hashes)})
print(sorted(name for name, value in os.environ.items()
             if hashlib.sha256(("%s=%s" % (name, value)).encode("utf-8", "surrogateescape")).hexdigest() in hashes))
`;
