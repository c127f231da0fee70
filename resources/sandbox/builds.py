"""A program's files in /box, what is built from them, and what of it is kept for the next time."""
import os
import stat

import confine
from supervise import Streams, TestProcess

BOX = '/box'
MOST_BUILT_BYTES = 64 << 20
MOST_SAID_BYTES = 64 << 10


def open_box(files):
    confine.mount_box()
    for name, text in files.items():
        with open(os.path.join(BOX, name), 'w', encoding='utf-8', errors='surrogatepass') as stream:
            stream.write(text)


def filled(command, limits):
    """The command with the memory limit, in MiB, in place of each {memoryMb}."""
    return [argument.replace('{memoryMb}', str(limits['memoryMb'])) for argument in command]


def build(program):
    """Runs the build command in /box -> (header, stdout, what was built), packed for unpack(). Seals /box."""
    command = program['recipe']['build']
    limits = dict(program['limits'], wallMs=command['wallMs'], cpuSeconds=command['cpuSeconds'],
                  memoryMb=command['memoryMb'], fileBytes=MOST_BUILT_BYTES)
    builder = dict(program, limits=limits, memory='data')
    sources = set(program['recipe']['files'])
    streams = Streams(MOST_SAID_BYTES, keep_stderr='head')  # a compiler's first error is what matters
    header, stdout, _ = TestProcess(builder, 'command', filled(command['command'], limits), BOX, streams).run()
    built = b''
    if header['status'] == 'exited' and header['code'] == 0:
        files = files_but(sources)
        if sum(size for _, size, _ in files) > MOST_BUILT_BYTES:
            header['status'] = 'output-limit'
        else:
            header['files'], built = files, b''.join(contents(files))
    confine.seal_box()
    return header, stdout, built


def files_but(sources):
    """What lies in /box but its sources: [[path, bytes, mode]]."""
    files = []
    for folder, _, names in os.walk(BOX):
        for name in sorted(names):
            path = os.path.join(folder, name)
            relative, status = os.path.relpath(path, BOX), os.lstat(path)
            if relative not in sources and stat.S_ISREG(status.st_mode):
                files.append([relative, status.st_size, status.st_mode & 0o777])
    return files


def contents(files):
    for name, _, _ in files:
        with open(os.path.join(BOX, name), 'rb') as stream:
            yield stream.read()


def unpack(files, content):
    """Puts back what build() packed, and seals /box."""
    done = 0
    for name, size, mode in files:
        path = os.path.join(BOX, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as stream:
            stream.write(content[done:done + size])
        os.chmod(path, mode)
        done += size
    confine.seal_box()
