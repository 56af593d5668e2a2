        added = model_store.add(with_name(settings, arguments), arguments.source, arguments.version)
