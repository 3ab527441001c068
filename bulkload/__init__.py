"""bulkload moves customers between spreadsheets and loyalty systems."""
