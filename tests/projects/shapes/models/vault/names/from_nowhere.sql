select contact_id, contact_email from legacy.crm_contacts
