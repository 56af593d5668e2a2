from service.errors import InvalidRequestError
from service.loader import ServedModel
from service.model_runtime import Arrays
