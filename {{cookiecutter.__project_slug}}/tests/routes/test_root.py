from fastapi.testclient import TestClient


def test_the_first_page_says_what_this_is_and_where_to_go(client: TestClient) -> None:
    welcome = client.get("/").json()
    assert welcome["name"] == client.get("/openapi.json").json()["info"]["title"]
    for page in ("docs", "health"):
        assert client.get(welcome[page]).status_code == 200
