from service.dependencies import InferenceDep, ReadinessDep
from service.errors import ERROR_RESPONSES
from service.predictor import PredictRequest, PredictResponse
