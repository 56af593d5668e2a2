from service.engine import Engine, Generation, Payload
from service.errors import InvalidRequestError
