"""A TCP proxy between an agent and a server that does to the connection what networks do: cuts it after some bytes, lets
nothing more through, or only a little. What it does is changed while it runs."""

import select
import socket
import threading
import time


class FaultProxy:
    """`port` leads to `target` (a port of this machine). `cut_after`: bytes from the server after which both sides are
    reset; `stall_after`: after which nothing passes any more; `rate`: bytes a second from the server."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.cut_after = self.stall_after = self.rate = None
        self.refuse = False
        self.connections = 0
        self.open = set()
        self.closing = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self.closing:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            if self.refuse:
                client.close()
                continue
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            client.close()
            return
        self.open.update((client, server))
        passed = 0
        try:
            while not self.closing:
                readable, _, _ = select.select([client, server], [], [], 0.1)
                if client in readable and not self._stalled(passed):
                    data = client.recv(65536)
                    if not data:
                        return
                    server.sendall(data)
                if server in readable:
                    if self._stalled(passed):
                        time.sleep(0.05)
                        continue
                    data = server.recv(65536 if self.rate is None else self.rate)
                    if not data:
                        return
                    if self.cut_after is not None and passed + len(data) > self.cut_after:
                        client.sendall(data[:self.cut_after - passed])
                        return
                    passed += len(data)
                    client.sendall(data)
                    if self.rate is not None:
                        time.sleep(1)
        except OSError:
            pass
        finally:
            for end in (client, server):
                self.open.discard(end)
                end.close()

    def _stalled(self, passed):
        return self.stall_after is not None and passed >= self.stall_after

    def heal(self):
        self.cut_after = self.stall_after = self.rate = None
        self.refuse = False

    def cut(self):
        """Ends every connection now."""
        for end in list(self.open):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def remove(self):
        self.closing = True
        self.listener.close()
        self.cut()
