left(address, 2) || '***'
