// Package management plays Auth0's Management API: a file for each resource,
// with its routes, what a request may hold and what an answer shows. PATCH
// /organizations/{id} is in organizations.go.
//
// Beside the resources, router.go finds the route of a request, call.go checks
// its token and runs its handler alone in the tenant, validate.go checks bodies,
// pagination.go writes lists, and search parses queries for users.
package management
