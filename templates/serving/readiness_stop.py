    def fail(self, reason: str) -> None:
        """Stop the server, because there is no model to serve."""
        logger.error(reason)
        if not self.is_draining:
            self.state, self.reason = State.FAILED, reason
            os.kill(os.getpid(), signal.SIGTERM)

    def drain(self) -> None:
        """Tell clients and load balancers to go elsewhere; requests that still arrive are answered."""
        self.is_draining = True
        self.state, self.reason = State.DRAINING, "the service is stopping"

    async def wait_until_quiet(self, seconds: float, deadline: float) -> None:
        """Wait until no request came or was answered for some seconds, or until the deadline."""
        loop = asyncio.get_running_loop()
        while loop.time() < deadline:
            if not self.requests and loop.time() - self.last_request >= seconds:
                return
            await asyncio.sleep(0.05)
