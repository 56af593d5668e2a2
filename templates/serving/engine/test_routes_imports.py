from conftest import ANSWER, BODY, FakeEngine, make_client
