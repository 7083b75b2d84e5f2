create database passerby
