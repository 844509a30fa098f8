"""The health of a service that is told to stop while it is watched: the test sends the signal when it reads "watching"."""
from rapid import client, new

SERVING, NOT_SERVING = 1, 2


def health_of_a_service_that_stops(config):
    watch = client('grpc.health.v1.Health', config).Watch(new('grpc.health.v1.HealthCheckRequest'))
    assert next(watch).status == SERVING
    print('watching', flush=True)
    assert [answer.status for answer in watch] == [NOT_SERVING]


CASES = [health_of_a_service_that_stops]
