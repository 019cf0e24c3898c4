package client

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Callbacks of the caller's may panic. In the caller's goroutine the panic is the caller's,
// once the call has closed what it holds. In a goroutine of ours it becomes an error, as it
// would end the program.

// A callbackError is a callback that panicked, or ended its goroutine.
type callbackError struct {
	problem string // without the value of the panic, which may hold a credential
	stack   string
}

func (e *callbackError) Error() string { return "client: " + e.problem }

// recovered turns a panic of a callback into *err. It is for defer.
func recovered(callback string, err *error) {
	switch v := recover().(type) {
	case nil:
	case runtime.Error:
		*err = &callbackError{fmt.Sprintf("%s panicked: %v", callback, v), string(debug.Stack())}
	default:
		*err = &callbackError{fmt.Sprintf("%s panicked with a value of type %T", callback, v), string(debug.Stack())}
	}
}
