# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""Where krhub can end up besides a hub: web servers of other kinds, and relays with TLS or that cut."""
import http.server
import json
import socket
import ssl
import threading


class Web:
    """A web server that is no hub, or that leads to one: the path says which."""

    def __init__(self, port_of_hub):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_POST(self):
                self.rfile.read(int(self.headers.get('Content-Length', 0)))
                name = self.path.split('/')[1]
                status, kind, body = self.answers().get(name, (404, 'text/plain', 'nothing here'))
                self.send_response(status)
                self.send_header('Content-Type', kind)
                self.send_header('Content-Length', str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            do_GET = do_POST

            def answers(self):
                hub = f'http://127.0.0.1:{port_of_hub}'
                here = f'http://127.0.0.1:{self.server.server_address[1]}'
                return {
                    'page': (200, 'text/html', '<html>\x1b[31mNo hub</html>'),
                    'broken': (500, 'text/plain', 'broken'),
                    'refuses': (200, 'application/json', json.dumps({'error': 'Closed on \x1b[31mSundays'})),
                    'redirect': (200, 'application/json',
                                 json.dumps({'url': hub + '/auth', 'accessToken': 'redirected'})),
                    'loop': (200, 'application/json', json.dumps({'url': here + '/loop'})),
                    'headers': (401 if self.headers.get('X-Key') != 'secret word' else 500, 'text/plain', ''),
                }

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Relay:
    """Passes connections on to a port, with TLS to the outside if there is a certificate; cut() ends all of them."""

    def __init__(self, port, certificate=None):
        self.target = port
        self.context = None
        if certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self.open = []
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                inside, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(inside,), daemon=True).start()

    def serve(self, plain):
        try:
            client = self.context.wrap_socket(plain, server_side=True) if self.context else plain
            hub = socket.create_connection(('127.0.0.1', self.target))
        except OSError:
            plain.close()
            return
        self.open += [client, hub]
        threading.Thread(target=self.pump, args=(client, hub), daemon=True).start()
        self.pump(hub, client)

    @staticmethod
    def pump(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        for end in self.open:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.open.clear()

    def stop(self):
        self.listener.close()
        self.cut()


class Silence:
    """Accepts connections and never says anything."""

    def __init__(self):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]

    def stop(self):
        self.listener.close()
