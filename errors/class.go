package apierrors

import (
	"errors"

	"github.com/retrywise/retrywise/internal/enum"
)

// Class says what went wrong, and by that who must act. The set is closed. A policy
// chooses the [Action] for each class.
//
// A Class is an error, so it can be the target of [errors.Is]:
//
//	errors.Is(err, apierrors.NotFound)
type Class uint8

// The classes. The zero value, None, is the class of a nil error.
const (
	None              Class = iota
	Authentication          // the credential is wrong or revoked; a person must act
	TokenExpired            // the access token expired and can be renewed
	Permission              // the credential lacks a right: scope, plan, blocked account
	MalformedRequest        // the call has the wrong form: it fails for every record
	Validation              // the content of this record is refused
	Configuration           // the vendor account lacks a setting: a mapping, an allowed domain
	NotFound                // the addressed object does not exist
	Dependency              // an object that the record refers to does not exist; create that first
	Conflict                // a concurrent write won
	InvalidState            // the state of the object forbids the call: it is in use, built in
	AlreadyExists           // the object already exists
	RateLimited             // too many calls in a period
	QuotaExceeded           // a slot, queue or allowance is full and frees up by itself
	LimitReached            // a hard limit of the account; waiting does not lift it
	Unsupported             // the vendor has no such method, module or media type
	TooLarge                // the body, URL or range is too big; a smaller request can pass
	Timeout                 // no response in time
	ServerError             // a transient fault of the vendor, whatever the status
	Network                 // no HTTP response: dial, TLS, reset, EOF
	MalformedResponse       // the response could not be understood
	Partial                 // some items of a batch did not succeed; see Error.Items
	Maintenance             // the vendor is away on purpose, or moves the account
	Canceled                // the caller canceled the call
	Unknown                 // nothing was decoded, and the status does not give a class
)

var classes = enum.Set[Class]{Kind: "class", Names: []string{
	None:              enum.None,
	Authentication:    "authentication",
	TokenExpired:      "token_expired",
	Permission:        "permission",
	MalformedRequest:  "malformed_request",
	Validation:        "validation",
	Configuration:     "configuration",
	NotFound:          "not_found",
	Dependency:        "dependency",
	Conflict:          "conflict",
	InvalidState:      "invalid_state",
	AlreadyExists:     "already_exists",
	RateLimited:       "rate_limited",
	QuotaExceeded:     "quota_exceeded",
	LimitReached:      "limit_reached",
	Unsupported:       "unsupported",
	TooLarge:          "too_large",
	Timeout:           "timeout",
	ServerError:       "server_error",
	Network:           "network",
	MalformedResponse: "malformed_response",
	Partial:           "partial",
	Maintenance:       "maintenance",
	Canceled:          "canceled",
	Unknown:           "unknown",
}}

// Classes returns all classes except None, in the order of their declaration.
func Classes() []Class {
	all := make([]Class, 0, len(classes.Names)-1)
	for c := range classes.Names[1:] {
		all = append(all, Class(c+1))
	}
	return all
}

// ClassOf returns the class of the outermost *Error or Class in the chain of err. It
// returns None for nil, and Unknown for an error that has neither.
func ClassOf(err error) Class {
	if err == nil {
		return None
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	if c, ok := errors.AsType[Class](err); ok {
		return c
	}
	return Unknown
}

// String returns the name of c, such as "rate_limited".
func (c Class) String() string { return classes.Text(c) }

// Error returns the same text as String.
func (c Class) Error() string { return classes.Text(c) }

// MarshalText returns the name of c. It returns an error if c is not in the set.
func (c Class) MarshalText() ([]byte, error) { return classes.Marshal(c) }

// UnmarshalText sets c to the class called text.
func (c *Class) UnmarshalText(text []byte) error { return classes.Unmarshal(c, text) }
