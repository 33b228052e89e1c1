"""A scripted receiver of webhooks: each path answers as the test says, and everything that comes is kept."""

import http.server
import threading
import time


class Request:
    def __init__(self, path, headers, body):
        self.path = path
        self.headers = headers
        self.body = body


class Receiver:
    """Answers on 127.0.0.1 (or another address of loopback). `script(path, answer, …)`: the answers in turn, the last one
    for ever. An answer is a status, (status, headers, body), or a function of the request's handler."""

    def __init__(self, address="127.0.0.1", tls=None):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                receiver.answer(self, Request(self.path, self.headers, body))

            do_GET = do_POST

            def log_message(self, *arguments):
                pass

            def handle(self):
                try:
                    super().handle()
                except OSError:
                    pass  # the sender went away, as many tests want it to

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 1024

        self.lock = threading.Lock()
        self.scripts = {}
        self.requests = []
        self.over = threading.Event()
        self.server = Server((address, 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.host = f"{address}:{self.server.server_address[1]}"
        self.url = f"{'https' if tls else 'http'}://{self.host}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def script(self, path, *answers):
        """The URL of that path."""
        with self.lock:
            self.scripts[path] = list(answers)
        return self.url + path

    def answer(self, handler, request):
        with self.lock:
            self.requests.append(request)
            answers = self.scripts.get(request.path.split("?")[0], [200])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(answer):
            return answer(handler)
        status, headers, body = answer if isinstance(answer, tuple) else (answer, {}, b"")
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    def got(self, path, count=1, patience=60):
        """The requests to that path, once there are `count` of them."""
        deadline = time.monotonic() + patience
        while True:
            with self.lock:
                found = [request for request in self.requests if request.path.split("?")[0] == path]
            if len(found) >= count:
                return found
            assert time.monotonic() < deadline, f"{len(found)} of {count} requests came to {path}"
            time.sleep(0.02)

    def close(self):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()

    # Answers that are no answers.

    def silence(self, handler):
        """Reads the request and says nothing."""
        self.over.wait(120)
        handler.close_connection = True

    def drip(self, handler):
        """The status line, byte by byte, without end in sight."""
        handler.close_connection = True
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: " + b"z" * 10000:
            handler.wfile.write(bytes([byte]))
            if self.over.wait(0.2):
                return

    @staticmethod
    def hang_up(handler):
        """Closes after reading."""
        handler.close_connection = True

    def flood(self, handler):
        """200, and a body without end."""
        handler.send_response(200)
        handler.send_header("Content-Length", str(10 ** 12))
        handler.end_headers()
        handler.close_connection = True
        while not self.over.is_set():
            handler.wfile.write(b"x" * 65536)

    def flood_of_headers(self, handler):
        handler.close_connection = True
        handler.wfile.write(b"HTTP/1.1 500 no\r\n")
        while not self.over.is_set():
            handler.wfile.write(b"X-More: " + b"x" * 1000 + b"\r\n")
