# A Kafka client that is told what to do by lines of JSON on standard input, and answers on standard output:
#   {"id": 1, "method": "produce", "params": {...}}  ->  {"id": 1, "result": ...} or {"id": 1, "error": "..."}
# Members of groups speak unasked: {"member": 1, "records": [...]} and {"member": 1, "partitions": [...]}.
# What a library does is in the class that each of the other files hands to serve().

import json
import sys
import threading
import traceback

_lock = threading.Lock()


def say(message):
    with _lock:
        sys.stdout.write(json.dumps(message) + '\n')
        sys.stdout.flush()


def text(value):
    return None if value is None else bytes(value).decode('utf-8')


def encoded(value):
    return None if value is None else value.encode('utf-8')


class Member(threading.Thread):
    """Polls, tells what it saw, and commits it, until it is told to leave. Subclasses know the library."""

    def __init__(self, number):
        super().__init__(daemon=True)
        self.number = number
        self.is_leaving = threading.Event()
        self.failure = None

    def run(self):
        try:
            while not self.is_leaving.is_set():
                records = self.poll()
                if records:
                    say({'member': self.number, 'records': records})
                    self.commit()
            self.end()
        except Exception as error:
            self.failure = repr(error)
            traceback.print_exc()

    def assigned(self, partitions):
        say({'member': self.number, 'partitions': sorted(partitions)})

    def leave(self):
        self.is_leaving.set()
        self.join(30)
        if self.failure is not None:
            raise RuntimeError(self.failure)
        if self.is_alive():
            raise RuntimeError('the member does not leave')


def serve(client):
    members = {}
    for line in sys.stdin:
        asked = json.loads(line)
        method, params = asked['method'], asked['params']
        try:
            if method == 'join':
                members[params['member']] = client.join(**params)
                members[params['member']].start()
                result = None
            elif method == 'leave':
                result = members.pop(params['member']).leave()
            else:
                result = getattr(client, method)(**params)
            say({'id': asked['id'], 'result': result})
        except Exception as error:
            traceback.print_exc()
            say({'id': asked['id'], 'error': repr(error)})
    for member in members.values():
        member.leave()
