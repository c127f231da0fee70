"""A program's files in /box, what is built from them, and what of it is kept for the next time."""
import os
import stat

import confine
from supervise import TestProcess

BOX = '/box'


def open_box(files):
    confine.mount_box()
    for name, text in files.items():
        with open(os.path.join(BOX, name), 'w', encoding='utf-8', errors='surrogatepass') as stream:
            stream.write(text)


def build(program, streams):
    """Runs the build command in /box -> (header, stdout, what was built), packed for unpack(). Seals /box."""
    command = program['recipe']['build']
    limits = dict(program['limits'], wallMs=command['wallMs'], cpuSeconds=-(-command['wallMs'] // 1000) + 1,
                  memoryMb=command['memoryMb'], fileBytes=confine.BOX_BYTES)
    builder = dict(program, limits=limits, memory='data')
    sources = set(program['recipe']['files'])
    header, stdout, _ = TestProcess(builder, 'command', command['command'], BOX, streams).run()
    built = b''
    if header['status'] == 'exited' and header['code'] == 0:
        header['files'], built = pack(sources)
    confine.seal_box()
    return header, stdout, built


def pack(sources):
    """What lies in /box but its sources -> ([[path, bytes, mode]], content)."""
    files, content = [], []
    for folder, _, names in os.walk(BOX):
        for name in sorted(names):
            path = os.path.join(folder, name)
            if os.path.relpath(path, BOX) in sources or not stat.S_ISREG(os.lstat(path).st_mode):
                continue
            with open(path, 'rb') as stream:
                content.append(stream.read())
            files.append([os.path.relpath(path, BOX), len(content[-1]), os.stat(path).st_mode & 0o777])
    return files, b''.join(content)


def unpack(files, content):
    """Puts back what pack() gave, and seals /box."""
    done = 0
    for name, size, mode in files:
        path = os.path.join(BOX, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as stream:
            stream.write(content[done:done + size])
        os.chmod(path, mode)
        done += size
    confine.seal_box()
