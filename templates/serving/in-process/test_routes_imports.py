from conftest import BODY, FakeModel, make_client
