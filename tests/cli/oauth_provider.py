#!/usr/bin/python3
"""oauth_provider.py FOLDER [PORT] - an OAuth 2 provider on a loopback port.

Authorization code with PKCE (RFC 7636), refresh with rotation, device flow (RFC
8628), client credentials with a secret or an assertion (RFC 7523), a service
account's JWT, revocation (RFC 7009), metadata (RFC 8414), registration (RFC
7591), introspection (RFC 7662); and Microsoft Graph's sendMail.  Writes its
address to FOLDER/url and each request as a line of JSON to FOLDER/requests; it
is https where there are FOLDER/cert and FOLDER/key.  It does what FOLDER/mode
says, read at each request:

    lifetime=SECONDS   of an access token (3600)
    delay=SECONDS      before a token is granted
    token=STATUS       the token endpoint answers with this and no more
    error=NAME         ... refuses with this error
    body=KIND          ... answers with html, array, endless, empty, huge
    redirect=URL       ... sends elsewhere
    keep               a refresh gives no new refresh token
    deny               the person grants nothing
    pending=N          so many polls of the device flow find nobody yet
    slow               the first poll is told to slow down
    issuer=NAME        the iss of an answer
    worthless          tokens that no server will take
    graph=STATUS       Graph answers with this (202 otherwise, where the token is
                       known; the mail is then FOLDER/mail.N)
    registers          takes clients (RFC 7591)
    openid             metadata at OpenID's place alone
"""
import base64
import hashlib
import http.server
import json
import os
import secrets
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

FOLDER = sys.argv[1]
LOCK = threading.RLock()
CODES, REFRESH, ACCESS, DEVICES = {}, {}, {}, {}


def mode():
    try:
        with open(os.path.join(FOLDER, "mode"), encoding="utf-8") as f:
            words = f.read().split()
    except FileNotFoundError:
        words = []
    return {w.partition("=")[0]: w.partition("=")[2] for w in words}


def note(record):
    with LOCK, open(os.path.join(FOLDER, "requests"), "a",
                    encoding="utf-8") as f:
        f.write(json.dumps(record) + "\n")


def unpad(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def verify(jwt):
    """Who signed it, by OpenSSL's own program: a judge that is not ours."""
    head, claims, signature = jwt.split(".")
    header = json.loads(unpad(head))
    path = os.path.join(FOLDER, "jwt")
    with open(path + ".sig", "wb") as f:
        f.write(unpad(signature))
    options = ["-sha256"]
    if header["alg"] == "PS256":
        options += ["-sigopt", "rsa_padding_mode:pss", "-sigopt",
                    "rsa_pss_saltlen:digest"]
    done = subprocess.run(
        ["openssl", "dgst", *options, "-verify",
         os.path.join(FOLDER, "public.pem"), "-signature", path + ".sig"],
        input=f"{head}.{claims}".encode(), capture_output=True, check=False)
    return header, json.loads(unpad(claims)), done.returncode == 0


class Provider(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def url(self):
        return self.server.url

    def answer(self, status, body, kind="application/json", headers=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def metadata(self):
        u = self.url()
        return {"issuer": u, "authorization_endpoint": u + "/authorize",
                "token_endpoint": u + "/token",
                "device_authorization_endpoint": u + "/device",
                "revocation_endpoint": u + "/revoke",
                **({"registration_endpoint": u + "/register"}
                   if "registers" in mode() else {})}

    def do_GET(self):
        at = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(at.query))
        note({"method": "GET", "path": at.path, "form": query})
        m = mode()
        if at.path == "/.well-known/oauth-authorization-server" \
                and "openid" not in m:
            return self.answer(200, self.metadata())
        if at.path == "/.well-known/openid-configuration":
            return self.answer(200, self.metadata())
        if at.path == "/authorize":
            return self.authorize(query, m)
        return self.answer(404, {"error": "not_found"})

    def authorize(self, query, m):
        back = {"state": query.get("state", "")}
        if "deny" in m:
            back["error"] = "access_denied"
        else:
            code = secrets.token_urlsafe(16)
            CODES[code] = query
            back["code"] = code
        back["iss"] = m.get("issuer", self.url())
        where = query["redirect_uri"] + "?" + urllib.parse.urlencode(back)
        return self.answer(302, {}, headers=[("Location", where)])

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        if self.path.startswith("/v1.0/"):
            return self.graph(self.rfile.read(length), mode())
        if self.path == "/register":
            asked = json.loads(self.rfile.read(length))
            note({"method": "POST", "path": "/register", "form": asked})
            return self.answer(201, {**asked, "client_id": "registered-1"})
        form = dict(urllib.parse.parse_qsl(self.rfile.read(length).decode()))
        note({"method": "POST", "path": self.path, "form": form})
        m = mode()
        if self.path == "/token":
            return self.token(form, m)
        if self.path == "/device":
            code = secrets.token_urlsafe(16)
            DEVICES[code] = int(m.get("pending", 0))
            return self.answer(200, {
                "device_code": code, "user_code": "WDJB-MJHT",
                "verification_uri": self.url() + "/activate",
                "expires_in": 600, "interval": 1})
        if self.path == "/revoke":
            REFRESH.pop(form.get("token"), None)
            return self.answer(200, {})
        if self.path == "/introspect":
            known = ACCESS.get(form.get("token"))
            return self.answer(200, known or {"active": False})
        return self.answer(404, {"error": "not_found"})

    def graph(self, body, m):
        """Microsoft Graph's sendMail."""
        note({"method": "POST", "path": self.path, "form":
              {"type": self.headers.get("Content-Type"),
               "length": self.headers.get("Content-Length")}})
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        status = int(m.get("graph", 202))
        if token not in ACCESS:
            status = 401
        if status != 202:
            return self.answer(status, {"error": {
                "code": "ErrorSomething", "message": "as \u202e told"}},
                headers=[("Retry-After", "7")])
        number = len([n for n in os.listdir(FOLDER) if n.startswith("mail.")])
        with open(os.path.join(FOLDER, f"mail.{number + 1}"), "wb") as f:
            f.write(base64.b64decode(body))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        return self.end_headers()

    def spoil(self, m):
        if "delay" in m:
            time.sleep(float(m["delay"]))
        if "redirect" in m:
            self.answer(302, {}, headers=[("Location", m["redirect"])])
        elif "token" in m:
            self.answer(int(m["token"]), b"no", "text/plain",
                        [("Retry-After", "30")])
        elif "error" in m:
            self.answer(400, {"error": m["error"],
                              "error_description": "so \u202e it \x1b[31mis"})
        elif m.get("body") == "endless":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b" " * 65536)
            except OSError:
                pass
            self.close_connection = True
        elif "body" in m:
            self.answer(200, {"html": b"<html>log in</html>", "array": b"[1]",
                              "empty": b"", "huge": b"{" * 100000}[m["body"]])
        else:
            return False
        return True

    def token(self, form, m):
        if self.spoil(m):
            return None
        with LOCK:
            why = self.judge(form, m)
        if why:
            return self.answer(400, {"error": why})
        access = secrets.token_urlsafe(24)
        lifetime = int(m.get("lifetime", 3600))
        if "worthless" not in m:
            ACCESS[access] = {"active": True, "username": "alice",
                              "scope": "mail",
                              "exp": int(time.time()) + lifetime}
        grant = {"access_token": access, "token_type": "Bearer",
                 "expires_in": lifetime, "scope": "mail"}
        if form["grant_type"] in ("authorization_code", "refresh_token",
                                  DEVICE) and "keep" not in m:
            grant["refresh_token"] = secrets.token_urlsafe(24)
            REFRESH[grant["refresh_token"]] = True
        return self.answer(200, grant)

    def judge(self, form, m):
        kind = form.get("grant_type")
        if kind == "authorization_code":
            asked = CODES.pop(form.get("code"), None)
            proof = base64.urlsafe_b64encode(hashlib.sha256(
                form.get("code_verifier", "").encode()).digest())
            if not asked or asked["redirect_uri"] != form["redirect_uri"] or \
                    asked["code_challenge"] != proof.decode().rstrip("="):
                return "invalid_grant"
        elif kind == "refresh_token":
            old = form.get("refresh_token")
            if old not in REFRESH:
                return "invalid_grant"
            if "keep" not in m:
                del REFRESH[old]
        elif kind == DEVICE:
            left = DEVICES.get(form.get("device_code"))
            if left is None:
                return "invalid_grant"
            if "deny" in m:
                return "access_denied"
            if left > 0:
                DEVICES[form["device_code"]] = left - 1
                return "slow_down" if "slow" in m else "authorization_pending"
        elif kind == "client_credentials":
            if "client_assertion" in form:
                header, claims, good = verify(form["client_assertion"])
                note({"method": "JWT", "path": "", "form":
                      {**header, **claims, "good": good}})
                return None if good else "invalid_client"
            return None if form.get("client_secret") == "app secret" \
                else "invalid_client"
        elif kind == JWT:
            header, claims, good = verify(form["assertion"])
            note({"method": "JWT", "path": "", "form":
                  {**header, **claims, "good": good}})
            return None if good else "invalid_grant"
        else:
            return "unsupported_grant_type"
        return None


DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def main():
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Provider)
    server.daemon_threads = True
    scheme = "http"
    if os.path.exists(os.path.join(FOLDER, "cert")):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(FOLDER, "cert"),
                                os.path.join(FOLDER, "key"))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    server.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    path = os.path.join(FOLDER, "url")
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(server.url + "\n")
    os.rename(path + ".new", path)
    server.serve_forever()


main()
