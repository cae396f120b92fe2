#!/usr/bin/env python3
"""An adapter and its client in one file, with Python's standard library only.

Actions: token, read, search, many-reads. Variables and result: docs/adapter.md.
"""
import base64
import concurrent.futures
import email.utils
import http.client
import json
import os
import ssl
import sys
import threading
import time
import urllib.parse

SPACING = 0.25 if os.environ.get("ROR_PROFILE") == "0" else 0.115  # seconds between calls: under the level-2 quota
ATTEMPTS = 6


class RorError(Exception):
    """What the user of the client is told."""


class Ror:
    """A connection to the ROR: one token, one pace, one pause for all threads."""

    def __init__(self, env):
        self.env = env
        self.trust = ssl.create_default_context(cafile=env["ROR_CA_CERT"])
        self.proof = ssl.create_default_context(cafile=env["ROR_CA_CERT"])
        if "ROR_CLIENT_CERT" in env:
            self.proof.load_cert_chain(env["ROR_CLIENT_CERT"], env["ROR_CLIENT_KEY"])
        self.lock = threading.Lock()
        self.token_lock = threading.Lock()
        self.token, self.token_end = None, 0.0
        self.next_call = {"token": 0.0, "api": 0.0}
        self.local = threading.local()

    def wait_for_turn(self, partition):
        while True:
            with self.lock:
                now = time.monotonic()
                wait = self.next_call[partition] - now
                if wait <= 0:
                    self.next_call[partition] = now + SPACING
                    return
            time.sleep(wait)

    def pause(self, partition, seconds):
        with self.lock:
            self.next_call[partition] = max(self.next_call[partition], time.monotonic() + seconds)

    def send(self, partition, method, url, headers, body=None):
        """One exchange, repeated when the ROR asks for patience. Returns status and body."""
        for attempt in range(ATTEMPTS):
            self.wait_for_turn(partition)
            try:
                status, answer, retry_after = self.exchange(partition, method, url, headers, body)
            except (OSError, http.client.HTTPException) as error:
                if isinstance(error, ssl.SSLCertVerificationError) or attempt + 1 >= 3:
                    raise RorError(f"the ROR cannot be reached: {error}") from error
                self.pause(partition, 1 + attempt)
                continue
            if status not in (429, 502, 503, 504):
                return status, answer
            self.pause(partition, delay(retry_after, attempt) + 0.05)
        raise RorError(f"the ROR still answers HTTP {status} after {ATTEMPTS} attempts")

    def exchange(self, partition, method, url, headers, body):
        parts = urllib.parse.urlsplit(url)
        pool = self.local.__dict__
        key = f"{partition}-{parts.netloc}"
        connection = pool.pop(key, None)
        if connection is None:
            context = self.proof if partition == "token" else self.trust
            connection = http.client.HTTPSConnection(parts.hostname, parts.port, context=context, timeout=20)
        target = urllib.parse.urlunsplit(("", "", parts.path, parts.query, ""))
        connection.request(method, target, body=body, headers=headers)
        response = connection.getresponse()
        answer = response.read()
        pool[key] = connection
        return response.status, answer, response.headers.get("Retry-After")

    def bearer(self, refused=None):
        with self.token_lock:
            if self.token is None or self.token == refused or time.time() > self.token_end:
                self.token, self.token_end = self.new_token()
            return self.token

    def new_token(self):
        form = {"grant_type": "client_credentials", "client_id": self.env["ROR_CLIENT_ID"]}
        if "ROR_CLIENT_SECRET" in self.env:
            form["client_secret"] = self.env["ROR_CLIENT_SECRET"]
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urllib.parse.urlencode(form)
        status, answer = self.send("token", "POST", self.env["ROR_TOKEN_URL"], headers, body)
        if status != 200:
            raise RorError(f"no token (HTTP {status}): {reason(answer)}")
        token = json.loads(answer)["access_token"]
        claims = token.split(".")[1]
        end = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"]
        margin = min(10.0, (end - time.time()) / 3)
        return token, end - margin

    def get(self, url):
        token = self.bearer()
        for fresh in (False, True):
            headers = {
                "Authorization": f"Bearer {token}",
                "Accept": "application/fhir+json",
                "Ror-Profil-Utilisateur-Code": self.env["ROR_PROFIL_UTILISATEUR_CODE"],
                "Ror-Profil-Utilisateur-System": self.env["ROR_PROFIL_UTILISATEUR_SYSTEM"],
                "Ror-Role-Metier-Code": self.env["ROR_ROLE_METIER_CODE"],
                "Ror-Role-Metier-System": self.env["ROR_ROLE_METIER_SYSTEM"],
            }
            status, answer = self.send("api", "GET", url, headers)
            if status != 401 or fresh:
                break
            token = self.bearer(refused=token)
        if status != 200:
            raise RorError(f"HTTP {status} for {url}: {reason(answer)}")
        return json.loads(answer)

    def read(self, resource, identifier):
        return self.get(f"{self.env['ROR_FHIR_URL']}/{resource}/{urllib.parse.quote(identifier)}")

    def search(self, resource, parameters, all_pages):
        query = urllib.parse.urlencode([tuple(pair) for pair in parameters], quote_via=urllib.parse.quote, safe="")
        url = f"{self.env['ROR_FHIR_URL']}/{resource}" + (f"?{query}" if query else "")
        found = {}
        while url:
            bundle = self.get(url)
            for entry in bundle.get("entry", []):
                item = entry["resource"]
                if entry.get("search", {}).get("mode", "match") == "match" and item["resourceType"] == resource:
                    found[item["id"]] = item
            following = [link["url"] for link in bundle.get("link", []) if link["relation"] == "next"]
            url = following[0] if following and all_pages else None
            if url and urllib.parse.urlsplit(url)[:2] != urllib.parse.urlsplit(self.env["ROR_FHIR_URL"])[:2]:
                raise RorError(f"the next page is on another host: {url}")
        total = bundle.get("total", len(found))
        if all_pages and total > len(found):
            raise RorError(f"the result is truncated: {len(found)} of {total}; an extraction of that size goes by $export")
        return list(found.values())


def delay(retry_after, attempt):
    """Seconds to wait: as told, else longer each time."""
    if retry_after and retry_after.strip().isdigit() and int(retry_after) > 0:
        return float(retry_after)
    date = email.utils.parsedate_to_datetime(retry_after) if retry_after and "," in retry_after else None
    if date:
        return max(0.0, date.timestamp() - time.time())
    return min(8.0, 1.0 * 2**attempt)


def reason(answer):
    """The ROR's own words."""
    try:
        content = json.loads(answer)
    except ValueError:
        return answer[:200].decode(errors="replace")
    issues = [issue.get("diagnostics", issue.get("code", "")) for issue in content.get("issue", [])]
    return "; ".join(issues) or content.get("error_description") or content.get("error", "")


def shown(item):
    entry = {"resourceType": item["resourceType"], "id": item["id"]}
    if isinstance(item.get("name"), str):
        entry["name"] = item["name"]
    return entry


def main():
    env = {name: value for name, value in os.environ.items() if name.startswith("ROR_")}
    given = json.load(sys.stdin) if "ROR_INPUT" not in env else {"ROR_INPUT": json.loads(env["ROR_INPUT"])}
    wanted, action, ror = given["ROR_INPUT"], env["ROR_ACTION"], Ror(env)
    if action == "token":
        ror.bearer()
        return None
    if action == "read":
        return [ror.read(wanted["resource"], wanted["id"])]
    if action == "search":
        return ror.search(wanted["resource"], wanted["parameters"], wanted["all-pages"])
    if action == "many-reads":
        ror.bearer()
        with concurrent.futures.ThreadPoolExecutor(wanted["parallel"]) as pool:
            return list(pool.map(lambda identifier: ror.read(wanted["resource"], identifier), wanted["ids"]))
    sys.exit(89)


try:
    items = main()
    result = {"outcome": "ok"} if items is None else {"outcome": "ok", "integrated": [shown(item) for item in items]}
except RorError as error:
    result = {"outcome": "error", "message": str(error)}
print(json.dumps(result, ensure_ascii=False))
sys.exit(0 if result["outcome"] == "ok" else 1)
