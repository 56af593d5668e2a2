from pydantic import BeforeValidator, Field, HttpUrl, ValidationError
