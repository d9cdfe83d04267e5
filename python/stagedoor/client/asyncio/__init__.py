"""The asyncio face of a client: `AsyncClient`, over a transport."""
