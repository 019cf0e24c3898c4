package testserver

import (
	"bytes"
	"maps"
	"slices"
	"sync"
)

// A Ledger notes what a fake vendor really executed, by key. It is the truth
// that a client's own count is compared with. The zero Ledger is empty and
// ready for use; it is safe for concurrent use.
type Ledger struct {
	mu      sync.Mutex
	entries map[string][][]byte
}

// Record notes one execution.
func (l *Ledger) Record(key string, payload []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.entries == nil {
		l.entries = map[string][][]byte{}
	}
	l.entries[key] = append(l.entries[key], bytes.Clone(payload))
}

// Count returns how often key was executed.
func (l *Ledger) Count(key string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.entries[key])
}

// Payloads returns what was executed under key, the oldest first. The caller
// must not change the bytes.
func (l *Ledger) Payloads(key string) [][]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries[key])
}

// Keys returns every key that was executed, sorted.
func (l *Ledger) Keys() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.entries))
}

// Total returns the number of executions under all keys.
func (l *Ledger) Total() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, payloads := range l.entries {
		n += len(payloads)
	}
	return n
}

// Duplicates returns the number of executions beyond the first of their key.
func (l *Ledger) Duplicates() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, payloads := range l.entries {
		n += len(payloads) - 1
	}
	return n
}
