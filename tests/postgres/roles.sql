-- The roles of the whole server, made once; a database's rights are set where it is made.
create role migration_owner login;
create role app_rw login;
create role app_ro login;
