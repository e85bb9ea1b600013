"""A driver for grpcio that can do what every driver must, and nothing more.

Copy it, put your library in grpcio's place, then declare features one by one.
"""

import base64
import hashlib
import json
import os
import queue
import sys
import threading
import time

import grpc

# Every command and field that is understood. All else is answered with `unsupported`:
# what a driver ignores in silence becomes a wrong verdict.
KNOWN = {
    "describe": set(),
    "openChannel": {"channel", "addresses", "target"},
    "closeChannel": {"channel"},
    "startCall": {"call", "channel", "method", "kind", "metadata", "timeoutSeconds", "request"},
    "send": {"call", "message"},
    "halfClose": {"call"},
    "cancel": {"call"},
}
STUBS = {
    "UNARY": "unary_unary",
    "SERVER_STREAMING": "unary_stream",
    "CLIENT_STREAMING": "stream_unary",
    "BIDI_STREAMING": "stream_stream",
}
LONGEST = 7e9  # seconds; beyond, grpcio's count of nanoseconds wraps around
started, writing = time.monotonic(), threading.Lock()
channels, calls = {}, {}


def emit(**event):
    """One event, one whole line; its time is taken before it is encoded."""
    event["atSeconds"] = time.monotonic() - started
    with writing:
        print(json.dumps(event), flush=True)


def payload(message):
    data = base64.b64decode(message.get("data", ""))
    if "size" not in message:
        return data
    pattern = data or b"\0"
    return (pattern * (message["size"] // len(pattern) + 1))[: message["size"]]


def shown(data):
    if len(data) <= 1024:
        return {"size": len(data), "data": base64.b64encode(data).decode()}
    return {"size": len(data), "sha256": base64.b64encode(hashlib.sha256(data).digest()).decode()}


def given_metadata(entries):
    return [(e["key"], base64.b64decode(e["bytes"]) if "bytes" in e else e.get("text", "")) for e in entries]


def shown_metadata(pairs):
    as_bytes = lambda value: {"bytes": base64.b64encode(value).decode()}
    return [{"key": key, **(as_bytes(value) if isinstance(value, bytes) else {"text": value})} for key, value in pairs or ()]


class Call:
    """The thread of a call reads, grpcio's own thread takes the messages that are sent: two lanes."""

    def __init__(self, number, kind):
        self.number, self.stub = number, STUBS[kind]
        self.rpc, self.over, self.lock = None, False, threading.Lock()
        self.outbox, self.waiting = queue.SimpleQueue(), {}

    def start(self, channel, command):
        begin = getattr(channel, self.stub)(command["method"], None, None)
        begin = begin.future if self.stub.endswith("unary") else begin
        first = self.requests() if self.stub.startswith("stream") else payload(command.get("request", {}))
        seconds = command.get("timeoutSeconds")
        timeout = None if seconds is None else min(float(seconds), LONGEST)
        try:
            self.rpc = begin(first, timeout=timeout, metadata=given_metadata(command.get("metadata", [])))
        except Exception as error:  # the library would not make the call
            self.end(refused={"text": repr(error)})
        else:
            threading.Thread(target=self.watch, daemon=True).start()

    def requests(self):
        """grpcio asks for the next message when it has taken the one before: that is what `ok` means."""
        while (item := self.outbox.get()) is not None:
            number, message = item
            if message is not None:
                yield message
            with self.lock:
                waiting = self.waiting.pop(number, None)
            if waiting is not None:
                emit(re=number, ok={})
            if message is None:
                return

    def send(self, number, message):
        at_end = {"ok": {}} if message is None else {"refused": {"text": "the call is over"}}
        with self.lock:
            if not self.over:
                self.waiting[number] = at_end
                self.outbox.put((number, message))
                return
        emit(re=number, **at_end)

    def watch(self):
        try:
            if headers := shown_metadata(self.rpc.initial_metadata()):
                emit(headers={"call": self.number, "metadata": headers})
            for message in [self.rpc.result()] if self.stub.endswith("unary") else self.rpc:
                if message is not None:
                    emit(message={"call": self.number, **shown(message)})
        except (grpc.RpcError, grpc.FutureCancelledError):
            pass  # the status says what happened
        code, text, trailers = self.rpc.code().value[0], self.rpc.details(), self.rpc.trailing_metadata()
        self.end(status={"code": code, "message": text or "", "trailers": shown_metadata(trailers)})

    def end(self, **outcome):
        emit(ended={"call": self.number, **outcome})
        with self.lock:
            self.over, overtaken, self.waiting = True, self.waiting, {}
        for number, answer in overtaken.items():
            emit(re=number, **answer)
        self.outbox.put(None)


def obey(number, kind, command):
    if kind == "describe":
        library = {"language": "python", "library": "grpcio", "libraryVersion": grpc.__version__}
        emit(re=number, described={"protocol": 1, "driver": "example", **library, "pid": os.getpid(), "features": []})
        return
    if kind == "openChannel":
        target = command.get("target") or command["addresses"][0]
        options = [("grpc.use_local_subchannel_pool", 1)]  # no connection is shared with another channel
        channels[command["channel"]] = grpc.insecure_channel(target, options)
    elif kind == "closeChannel":
        channels.pop(command["channel"]).close()
    elif kind == "startCall":
        channel, call = channels[command["channel"]], Call(command["call"], command["kind"])
        calls[command["call"]] = call
        emit(re=number, ok={})  # before the library is called: a stub may block
        call.start(channel, command)
        return
    elif kind in ("send", "halfClose"):
        calls[command["call"]].send(number, payload(command["message"]) if kind == "send" else None)
        return
    elif kind == "cancel" and calls[command["call"]].rpc is not None:
        calls[command["call"]].rpc.cancel()
    emit(re=number, ok={})


def unknown(kind, command):
    """What of a command is not understood."""
    fields = set(command) - KNOWN.get(kind, set())
    if kind not in KNOWN:
        return kind
    if fields:
        return f"{kind}.{fields.pop()}"
    if len(command.get("addresses", [])) > 1:
        return "openChannel.addresses"
    return "startCall.kind" if kind == "startCall" and command["kind"] not in STUBS else None


for line in sys.stdin:
    number = None
    try:
        command = json.loads(line)
        number = command.pop("id")
        (kind, fields), = command.items()
        what = unknown(kind, fields)
        emit(re=number, unsupported={"what": what}) if what else obey(number, kind, fields)
    except Exception as error:  # ours, not the library's
        emit(re=number, error={"text": repr(error)})
os._exit(0)  # end of stdin: whatever is running
