from service.assistant import PredictRequest, PredictResponse, to_messages, to_response
from service.dependencies import InferenceDep, ReadinessDep
from service.errors import ERROR_RESPONSES
