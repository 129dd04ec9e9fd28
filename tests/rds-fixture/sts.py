"""STS, by moto: roles assumed with a web identity, whose keys the service then knows."""

ACCOUNT = "123456789012"


def start():
    # Takes a second to import, and one test needs it.
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    return server.get_host_and_port()[1]


def find(key):
    """The secret and the token of a role that was assumed, by its key's id."""
    from moto.sts.models import sts_backends
    role = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(key)
    return role and {"secret": role.secret_access_key, "token": role.session_token}
