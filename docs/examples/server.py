"""A server with the standard health service and an orderly end: what `docs/test-my-server.md` tests, step by step."""

import os
import signal
import threading
from concurrent import futures

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc


def main():
    server = grpc.server(futures.ThreadPoolExecutor())
    status = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(status, server)
    status.set("", health_pb2.HealthCheckResponse.SERVING)
    port = server.add_insecure_port(f"127.0.0.1:{os.environ.get('PORT', '50051')}")
    server.start()

    asked_to_end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked_to_end.set())
    signal.signal(signal.SIGINT, lambda *_: asked_to_end.set())
    print(f"listening 127.0.0.1:{port}", flush=True)  # the line that says that it is ready

    asked_to_end.wait()
    status.enter_graceful_shutdown()
    server.stop(grace=30).wait()


if __name__ == "__main__":
    main()
