"""A PostgreSQL cluster, a Redis and Odoo processes of our own, gone when the tests end."""
import contextlib
import hashlib
import http.client
import http.cookiejar
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

ADDONS = pathlib.Path(__file__).resolve().parents[1]
LAUNCHER = ADDONS / "launcher" / "odoo_plimsoll.py"
TENANT = "example"
ADMIN_PASSWORD = "example-password-1"
INTEGRATION_KEY = hashlib.sha1(b"example integration key").hexdigest()
# Nothing here takes longer than a few seconds on two idle cores; shared ones are many times slower.
TIMEOUT_S = 180.0
_NUMBERS = itertools.count(os.getpid() * 97)


def free_port() -> int:
    """Below those that the kernel gives to outgoing connections, which might take it before the server does."""
    while True:
        port = 20_000 + next(_NUMBERS) % 12_000
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


def wait_for(what, condition, timeout_s=TIMEOUT_S):
    """The first true value of the condition; never a fixed sleep."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s:.0f} s for {what}")
        time.sleep(0.02)


class Scratch:
    """Directories and processes; `close` ends the processes it started and no others."""

    def __init__(self, directory: pathlib.Path, odoo: pathlib.Path, postgres_bin: pathlib.Path):
        self.directory = directory
        self.odoo = odoo
        self.postgres_bin = postgres_bin
        self.groups: list[subprocess.Popen] = []
        self.clusters: list[Cluster] = []
        self.redis: Redis | None = None

    @property
    def python(self) -> str:
        return str(self.odoo / "venv" / "bin" / "python")

    def environment(self, workload: str) -> dict[str, str]:
        environment = {
            "HOME": str(self.directory),
            "LANG": "C.UTF-8",
            "PATH": f"{self.odoo}/venv/bin:/usr/bin:/bin",
            "PGCONNECT_TIMEOUT": "2",
            "PLIMSOLL_WORKLOAD": workload,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": f"{self.odoo}/dist",
        }
        if self.redis and workload != "init":
            environment["PLIMSOLL_SESSION_REDIS_URL_FILE"] = str(self.redis.url_file)
        return environment

    def start(self, command: list[str], log: str, environment=None) -> subprocess.Popen:
        """In a process group of its own, so that all its children can be ended with it."""
        with open(self.directory / log, "ab") as output:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, start_new_session=True
            )
        self.groups.append(process)
        return process

    def kill(self, process: subprocess.Popen) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.groups.remove(process)

    def configuration(self, cluster: "Cluster", name: str, **changes) -> pathlib.Path:
        options = {
            "addons_path": f"{self.odoo}/dist/odoo/addons,{ADDONS}",
            "server_wide_modules": "base,web,plimsoll_session",
            "db_host": cluster.directory,
            "db_port": cluster.port,
            "db_user": "odoo",
            "db_name": TENANT,
            "dbfilter": f"^{TENANT}$",
            "list_db": False,
            "proxy_mode": True,
            "data_dir": self.directory / "data",
            "admin_passwd": os.urandom(16).hex(),
            "http_interface": "127.0.0.1",
            "workers": 2,
            "max_cron_threads": 0,
            **changes,
        }
        path = self.directory / f"{name}.conf"
        path.write_text("[options]\n" + "".join(f"{key} = {value}\n" for key, value in options.items()))
        return path

    def start_odoo(self, cluster: "Cluster", name: str, workload: str, arguments=(), command=(), **changes) -> "Odoo":
        ports = {"http_port": free_port(), "gevent_port": free_port()}
        conf = self.configuration(cluster, name, **ports, **changes)
        process = self.start(
            [self.python, str(LAUNCHER), *command, "-c", str(conf), *arguments], f"{name}.log", self.environment(workload)
        )
        port = ports["gevent_port" if workload == "live" else "http_port"]
        return Odoo(self, process, name, port, changes.get("db_name", TENANT))

    def close(self) -> None:
        for process in list(self.groups):
            self.kill(process)
        for cluster in self.clusters:
            cluster.stop("immediate")


class Cluster:
    def __init__(self, scratch: Scratch, name: str):
        self.scratch = scratch
        self.directory = scratch.directory / name
        self.data = self.directory / "pg"
        # Ports separate clusters only by name here: they listen on a Unix socket each.
        self.port = 5432

    def tool(self, name: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self.scratch.postgres_bin / name), *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stdout.strip()}")

    def initialise(self) -> None:
        self.directory.mkdir(parents=True)
        self.tool("initdb", "-D", str(self.data), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "-k")
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            # Nothing of a scratch cluster outlives the machine, so nothing is synced.
            conf.write("listen_addresses = ''\nfsync = off\nfull_page_writes = off\nmax_wal_size = 2GB\n")

    def start(self) -> None:
        options = f"-c unix_socket_directories={self.directory}"
        self.tool("pg_ctl", "-D", str(self.data), "-l", str(self.directory / "log"), "-o", options, "-w", "start")
        if self not in self.scratch.clusters:
            self.scratch.clusters.append(self)

    def stop(self, mode: str) -> None:
        if (self.data / "postmaster.pid").exists():
            self.tool("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "stop")

    def sql(self, text: str, database: str = "postgres") -> str:
        done = subprocess.run(
            ["psql", "-X", "-qAt", "-v", "ON_ERROR_STOP=1", "-h", str(self.directory), "-U", "postgres", "-d", database],
            input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return done.stdout.strip()

    def create_tenant(self) -> None:
        self.sql("CREATE ROLE odoo LOGIN NOCREATEDB")
        self.sql(f"CREATE DATABASE {TENANT} OWNER odoo TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'")

    def standby(self, name: str) -> "Cluster":
        copy = Cluster(self.scratch, name)
        copy.directory.mkdir()
        self.tool("pg_basebackup", "-h", str(self.directory), "-U", "postgres", "-D", str(copy.data), "-R", "-X", "stream", "-c", "fast")
        copy.start()
        wait_for("the standby to stream", lambda: self.sql("SELECT state FROM pg_stat_replication") == "streaming")
        return copy

    def wait_replayed(self, standby: "Cluster") -> None:
        line = self.sql("SELECT pg_current_wal_lsn()")
        wait_for("replay", lambda: standby.sql(f"SELECT pg_last_wal_replay_lsn() >= '{line}'") == "t")


class Redis:
    def __init__(self, scratch: Scratch):
        self.scratch = scratch
        self.port = free_port()
        password = os.urandom(12).hex()
        self.url_file = scratch.directory / "redis-url"
        self.url_file.write_text(f"redis://:{password}@127.0.0.1:{self.port}/0\n")
        self.url_file.chmod(0o600)
        self.process = scratch.start(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--requirepass", password,
             "--save", "", "--dir", str(scratch.directory)],
            "redis.log",
        )
        wait_for("Redis", self.accepts)

    def accepts(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    @contextlib.contextmanager
    def frozen(self):
        """Alive, and answering nothing: worse than gone."""
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)


class Answer:
    def __init__(self, status: int, headers, body: bytes, url: str):
        self.status, self.headers, self.url = status, headers, url
        self.text = body.decode(errors="replace")

    @property
    def json(self):
        return json.loads(self.text)


class Odoo:
    """A running Odoo, seen from outside."""

    def __init__(self, scratch: Scratch, process: subprocess.Popen, name: str, port: int, database: str = TENANT):
        self.scratch, self.process, self.name, self.port, self.database = scratch, process, name, port, database

    def log(self) -> str:
        return (self.scratch.directory / f"{self.name}.log").read_text(errors="replace")

    def wait_healthy(self) -> "Odoo":
        def healthy():
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.log()[-2000:]}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self.request("/web/health").status == 200
            return False

        wait_for(f"{self.name} to be healthy", healthy)
        return self

    def children(self) -> set[int]:
        path = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return {int(pid) for pid in path.read_text().split()}

    def request(self, path: str, opener=None, data=None, headers=None) -> Answer:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data, headers=headers or {})
        opener = opener or urllib.request.build_opener()
        try:
            with opener.open(request, timeout=TIMEOUT_S) as response:
                return Answer(response.status, response.headers, response.read(), response.url)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read(), error.url)

    def call(self, method: str, **arguments) -> Answer:
        return self.request(
            f"/json/2/{method}",
            data=json.dumps(arguments).encode(),
            headers={
                "Authorization": f"bearer {INTEGRATION_KEY}",
                "Content-Type": "application/json",
                "X-Odoo-Database": self.database,
            },
        )

    def send_order(self, message_id: str, **changes) -> Answer:
        payload = {
            "client_order_ref": message_id,
            "partner": "plimsoll_example_data.partner_acme",
            "lines": [{"sku": "PLS-0001", "quantity": 2}],
            "confirm": True,
        }
        envelope = {"source": "example", "message_id": message_id, "body_hash": "h", "kind": "order.create",
                    "payload": payload, "generation": 0, **changes}
        return self.call("plimsoll.inbox/process_message", **envelope)


class Browser:
    """A cookie jar, which may be shown to any web process."""

    def __init__(self):
        self.jar = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(rfc2965=True))
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def open(self, odoo: Odoo, path: str, data=None) -> Answer:
        return odoo.request(path, self.opener, data)

    def session_id(self) -> str:
        return next(cookie.value for cookie in self.jar if cookie.name == "session_id")

    def log_in(self, odoo: Odoo) -> None:
        page = self.open(odoo, "/web/login")
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text).group(1)
        form = urllib.parse.urlencode({"login": "admin", "password": ADMIN_PASSWORD, "csrf_token": token})
        if not self.logged_in(self.open(odoo, "/web/login", form.encode())):
            raise RuntimeError("the login was refused")

    @staticmethod
    def logged_in(answer: Answer) -> bool:
        return answer.status == 200 and "/web/login" not in answer.url and "o_web_client" in answer.text


def imported(scratch: Scratch, arguments: list[str], environment: dict[str, str], text: str = "") -> set[str]:
    """Names of the modules that the launcher loads for a command."""
    done = subprocess.run(
        [scratch.python, "-X", "importtime", str(LAUNCHER), *arguments], env=environment,
        input=text, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
    )
    lines = done.stderr.splitlines()
    return {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}


def render_credentials(scratch: Scratch, document: dict, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [scratch.python, str(LAUNCHER), "credentials", "--database", TENANT, *arguments],
        input=json.dumps(document), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
    )


def content_key(odoo: pathlib.Path) -> str:
    """What an initialised tenant depends on."""
    digest = hashlib.sha256((odoo / "VERSION").read_bytes())
    for path in sorted(ADDONS.rglob("*")):
        relative = path.relative_to(ADDONS)
        if path.is_file() and "__pycache__" not in path.parts and "tests" not in relative.parts and path.suffix != ".md":
            digest.update(str(relative).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def ensure_template(scratch: Scratch, cache: pathlib.Path) -> float | None:
    """An initialised tenant in `scratch/a`; seconds that `init` took, None when it came from the cache."""
    template = cache / f"template-{content_key(scratch.odoo)}"
    primary = Cluster(scratch, "a")
    took_s = None
    if not template.exists():
        primary.initialise()
        primary.start()
        primary.create_tenant()
        conf = scratch.configuration(primary, "init")
        started = time.monotonic()
        subprocess.run(
            [scratch.python, str(LAUNCHER), "init", "-c", str(conf), "-d", TENANT],
            env=scratch.environment("init"), stdin=subprocess.DEVNULL, check=True,
        )
        took_s = time.monotonic() - started
        credentials = render_credentials(scratch, {"admin_password": ADMIN_PASSWORD, "integration_key": INTEGRATION_KEY})
        primary.sql(credentials.stdout, TENANT)
        primary.stop("fast")
        partial = cache / f"partial-{os.getpid()}"
        shutil.copytree(primary.directory, partial / "a")
        shutil.copytree(scratch.directory / "data", partial / "data")
        for old in cache.glob("template-*"):
            shutil.rmtree(old)
        partial.rename(template)
    else:
        subprocess.run(["cp", "-a", "--reflink=auto", f"{template}/a", f"{template}/data", str(scratch.directory)], check=True)
    print(f"tenant: {'cached' if took_s is None else f'initialised in {took_s:.1f} s'}", file=sys.stderr, flush=True)
    primary.start()
    return took_s
