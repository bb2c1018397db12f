package standin

// routes are the endpoints of the Management API. Of two that match a path the
// first is taken.
func (s *Server) routes() *router {
	rt := &router{}
	s.organizationRoutes(rt)
	s.organizationConnectionRoutes(rt)
	s.invitationRoutes(rt)
	s.memberRoutes(rt)
	s.userRoutes(rt)
	s.userAccessRoutes(rt)
	s.identityRoutes(rt)
	s.sessionRoutes(rt)
	s.roleRoutes(rt)
	s.clientRoutes(rt)
	s.clientGrantRoutes(rt)
	s.resourceServerRoutes(rt)
	s.connectionRoutes(rt)
	s.actionRoutes(rt)
	s.discoveryDomainRoutes(rt)
	s.selfServiceRoutes(rt)
	s.tenantRoutes(rt)
	s.logRoutes(rt)
	s.eventRoutes(rt)
	s.userBlockRoutes(rt)
	s.withoutRoutes(rt)
	return rt
}
