package deadletter

// Put appends a letter under its own ID.
func (w *Writer) Put(l Letter) error { return w.put(l) }
