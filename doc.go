// Package retrywise is the front page of HTTP clients that know what each vendor's
// errors mean. It has no code; these packages do:
//
//   - client sends requests, and repeats those that may be repeated;
//   - vendors holds what is known of each API, as data;
//   - policy decides what to do about a failure;
//   - errors has the nouns: classes, actions and the error that a caller sees;
//   - retrywisetest tests clients against servers that fail on command.
//
// Begin with package client, and with examples/sync.
package retrywise
