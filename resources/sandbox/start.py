"""Runs modules whose sources it is given as JSON in its second argument, the last of them being the program: so the
interpreter needs no file of ours, which it may be unable to read. The first argument is their configuration."""
import json
import sys
import types

sys.path = [entry for entry in sys.path if entry]
SOURCES = json.loads(sys.argv[2])
sys.argv = sys.argv[:2]
for NAME, SOURCE in SOURCES:
    MODULE = types.ModuleType(NAME)
    sys.modules[NAME] = MODULE
    exec(compile(SOURCE, NAME + '.py', 'exec'), MODULE.__dict__)
